#!/bin/bash
# SPDX-License-Identifier: LGPL-3.0-or-later
# test-inputs.sh AREA: each broken input in AREA gives exactly the message
# that stands beside it, and loses nothing.
#
# AREA/NAME.sh makes the input in an empty directory, and may set
#   run     a function that calls hyper2kvm; by default on manifest.json
#   report  success, failure (the default, by the exit status) or none
# AREA/NAME.expected: the exit status, then lines that must be printed, with
# DIR for the directory, and N for a number of bytes that are missing, which
# depends on what a compressor makes of the day's time stamps, and TIME in the
# names of backups.
# shellcheck source=../tap.sh
. "$H2K_SOURCE/tests/tap.sh"
# shellcheck source=lib.sh
. "$H2K_SOURCE/tests/should-fail/lib.sh"
area=$H2K_SOURCE/tests/should-fail/$1
need qemu-img sfdisk mke2fs mkswap debugfs cpio jq

# Lines of EXPECTED that were not printed, and what was instead.
missing_lines()
{
    local line
    sed 1d "$1" | while IFS= read -r line; do
        sed "s|$PWD|DIR|g; s/needs [0-9]* bytes more/needs N bytes more/; s/hyper2kvm\.[0-9]*-[0-9]*/hyper2kvm.TIME/" \
            .got/err .got/out | grep -qFx -- "$line" ||
            echo "not printed: $line"
    done
}

one_case() # NAME
{
    # shellcheck disable=SC2317 # called below
    run()
    {
        hyper2kvm --manifest manifest.json
    }
    local report='' code wanted before
    # shellcheck disable=SC1090
    . "$area/$1.sh" || {
        echo "the input could not be made"
        return
    }
    mkdir .got
    before=$(hashes)
    run >.got/out 2>.got/err
    code=$?
    wanted=$(head -n 1 "$area/$1.expected")
    [ -n "$report" ] || report=$([ "$wanted" -eq 0 ] && echo success || echo failure)
    [ "$code" -eq "$wanted" ] || echo "exit status $code, not $wanted"
    missing_lines "$area/$1.expected"
    judge "$code" "$report" "$before"
}

guest "$tap_dir/unused.raw" && guest "$tap_dir/unused.raw" dos
for script in "$area"/*.sh; do
    name=$(basename "$script" .sh)
    mkdir "$tap_dir/$name"
    problems=$(cd "$tap_dir/$name" && one_case "$name")
    [ -z "$problems" ]
    ok $? "$name"
    if [ -n "$problems" ]; then
        sed 's/^/# /' <<<"$problems"
        sed "s|$tap_dir/$name|DIR|g; s/^/#   /" "$tap_dir/$name"/.got/*
    fi
    rm -rf "${tap_dir:?}/$name"
done
tap_done
