#!/bin/bash
# SPDX-License-Identifier: LGPL-3.0-or-later
# The broken manifests of test-manifest.sh, given to the command: a job on
# one gives the message and its status and does nothing at all, and validate
# says the same and ends with 1.
# shellcheck source=../tap.sh
. "$H2K_SOURCE/tests/tap.sh"
# shellcheck source=lib.sh
. "$H2K_SOURCE/tests/should-fail/lib.sh"
cp "$H2K_SOURCE"/tests/should-fail/manifest/* "$tap_dir" || exit 1
cd "$tap_dir" || exit 1
mkdir a-directory.json .got

# Is each LINE on standard error?
printed() # LINE...
{
    local line
    for line; do
        sed "s|$PWD/||g; s|$PWD|.|g" .got/err | grep -qFx -- "$line" ||
            echo "not printed: $line"
    done
}

check_run() # INPUT CODE LINE...
{
    local input=$1 code=$2
    shift 2
    hyper2kvm --manifest "$input" --output-dir out >.got/out 2>.got/err
    local got=$?
    if [ "$code" -eq 2 ]; then
        [ $got -eq 2 ] || echo "exit status $got, not 2"
        printed "$1" # others may be about files, which come later
        [ ! -e out ] || echo "something was made"
    else
        [ $got -ge 3 ] || echo "exit status $got"
    fi
    tail -n 1 .got/err | grep -q '^hyper2kvm: ' ||
        echo "the error is not the last line on standard error"
    ! grep -qE 'Sanitizer|runtime error:' .got/err ||
        echo "a sanitizer has something to say"
    rm -rf out
}

check_validate() # INPUT LINE...
{
    local input=$1
    shift
    hyper2kvm validate --strict "$input" >.got/out 2>.got/err
    [ $? -eq 1 ] || echo "validate does not end with 1"
    printed "$@"
    grep -qE '^[^ ]+: not valid, [0-9]+ errors?, ' .got/out ||
        echo "validate does not end with the numbers"
}

before=$(hashes)
for expected in *.expected; do
    name=${expected%.expected}
    input=$name.json
    [ -e "$name.yaml" ] && input=$name.yaml
    mapfile -t lines <"$expected"
    problems=$(
        check_run "$input" "${lines[@]}"
        check_validate "$input" "${lines[@]:1}"
    )
    [ -z "$problems" ]
    ok $? "$name"
    [ -z "$problems" ] || { echo "$problems"; cat .got/err; } | sed 's/^/# /'
done
is "$(hashes)" "$before" "all is as it was"
tap_done
