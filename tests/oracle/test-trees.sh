#!/bin/sh
# SPDX-License-Identifier: LGPL-3.0-or-later
# test-trees.sh NAME...: guests made by hand from distributions' published
# layouts (tests/trees).  INSPECT says what NAME/expect.json has, FIX makes the
# changes in NAME/changes, e2fsck finds nothing, and a second run finds
# nothing to change.
. "$H2K_SOURCE/tests/tap.sh"
need sfdisk mke2fs e2fsck mkswap cpio jq zstd xz lz4 python3 db5.3_load
trees=$H2K_SOURCE/tests/trees
hyper2kvm=$H2K_BUILD/hyper2kvm
list=$H2K_BUILD/tests/oracle/guest-list
cd "$tap_dir" || exit 1

# Each key of expect.json has that value in what was found; kernel_packages is
# made of the kernels' own.
inspect_tree()
{
    "$hyper2kvm" inspect --json guest.raw >out 2>err
    ok $? "$1: is inspected"
    jq '.kernel_packages = [.kernels[].package]' out >found.json
    # Built without librpm, no packages are known.
    rpm=true
    [ -x "$H2K_BUILD/hyper2kvm-rpm-packages" ] || rpm=false
    jq -r --slurpfile found found.json --argjson rpm $rpm '
        if .package_format == "rpm" and ($rpm | not)
        then del(.package_count, .kernel_packages) else . end | to_entries[] |
        select($found[0][.key] != .value) |
        "\(.key): \($found[0][.key] | tojson), not \(.value | tojson)"' \
        "$trees/$1/expect.json" >differences
    [ -s differences ]
    is $? 1 "$1: and is what expect.json says"
    sed 's/^/# /' differences
}

# changes REPORT: "FILE: WHAT" of each.
changes()
{
    jq -r '.changes[] | "\(.file): \(.what)"' "$1"
}

fix_tree()
{
    "$hyper2kvm" guest.raw --out-format raw --output-dir first >out 2>err
    ok $? "$1: is fixed"
    [ -s first/report.json ] || {
        sed 's/^/# /' err
        return
    }
    changes first/report.json | LC_ALL=C sort >made
    diff "$trees/$1/changes" made >differences
    ok $? "$1: with the changes that it needs, and no other"
    sed 's/^/# /' differences
    "$list" guest.raw >before && "$list" first/guest.raw >after &&
        "$H2K_SOURCE/tests/what-changed.py" before after first/report.json \
            >differences
    ok $? "$1: the files that differ are those in the report"
    sed 's/^/# /' differences
    dd if=first/guest.raw of=fs bs=1M skip=1 count=32 status=none
    e2fsck -fn fs >e2fsck.out 2>&1
    ok $? "$1: e2fsck finds nothing"
    "$hyper2kvm" first/guest.raw --out-format raw --output-dir second \
        >out 2>err
    is "$(changes second/report.json)" "" "$1: a second run changes nothing"
    echo "# guest: $1 | inspected, fixed, checkers, again"
}

for tree; do
    "$trees/build-tree.sh" "$tree" guest.raw || exit 1
    inspect_tree "$tree"
    [ ! -s "$trees/$tree/changes" ] || fix_tree "$tree"
    rm -rf first second
done
tap_done
