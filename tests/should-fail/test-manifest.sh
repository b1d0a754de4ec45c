#!/bin/sh
# SPDX-License-Identifier: LGPL-3.0-or-later
# Each broken manifest gives exactly the message that stands beside it.
#
# manifest/NAME.expected: the exit status, then the lines on standard error.
# The input is manifest/NAME.json or .yaml; where there is neither, NAME.json
# is missing, or a directory, by its name.
. "$H2K_SOURCE/tests/tap.sh"

# What judges a manifest: COMMAND FILE.
command=${H2K_MANIFEST_COMMAND:-$H2K_BUILD/tests/oracle/manifest-check --checksums}
# Its one exit status for anything wrong; unset, that of the job itself.
status=${H2K_MANIFEST_STATUS:-}

cp "$H2K_SOURCE"/tests/should-fail/manifest/* "$tap_dir" || exit 1
cd "$tap_dir" || exit 1
mkdir a-directory.json
# Absolute paths are of this run.
here=$(pwd)

for expected in *.expected; do
    name=${expected%.expected}
    input=$name.json
    [ -e "$name.yaml" ] && input=$name.yaml
    {
        $command "$input" 2>errors >&2
        echo $?
        sed "s|$here/||g; s|$here|.|g" errors
    } >got
    sed "1s/.*/${status:-&}/" "$expected" >wanted
    cmp -s got wanted
    ok $? "$name"
    cmp -s got wanted || diff wanted got | sed 's/^/# /'
done

inputs=$(ls ./*.json ./*.yaml | wc -l)
[ "$inputs" -le "$(ls ./*.expected | wc -l)" ]
ok $? "every input has its message"
tap_done
