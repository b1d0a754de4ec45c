#!/bin/bash
# SPDX-License-Identifier: LGPL-3.0-or-later
# test-migrate.sh KIND: a real guest comes up on VMware's hardware, does not
# come up on virtio, goes through the pipeline, and comes up on virtio with
# everything in its place.  In TAP.
# shellcheck source=../tap.sh
. "$H2K_SOURCE/tests/tap.sh"
need qemu-system-x86_64 qemu-img e2fsck sfdisk jq

kind=$1
h2k=$H2K_BUILD/hyper2kvm
scripts=$H2K_SOURCE/tests/guest
out=$tap_dir/out
guest=$("$scripts/guest.sh" "$kind")
ok $? "$kind: built, or in the cache"
[ -n "$guest" ] || tap_done
source=$(ls "$guest"/*.vmdk)

# boots BUS DISK NAME: it comes up; its report is left in $tap_dir/NAME.
boots()
{
    "$scripts/boot.sh" --snapshot --bus "$1" --timeout 600 \
        --log "$tap_dir/$3.console" "$2" >"$tap_dir/$3.say" 2>&1
    ok $? "$kind: $3 comes up on $1"
    sed 's/^/# /' "$tap_dir/$3.say"
    tr -d '\r' <"$tap_dir/$3.console" | grep -a 'h2k-report\[' |
        sed 's/.*h2k-report\[[0-9]*\]: //' >"$tap_dir/$3"
}

# reports NAME LINE-REGEX TEXT
reports()
{
    grep -qE "$2" "$tap_dir/$1"
    ok $? "$kind: $1: $3"
    grep -qE "$2" "$tap_dir/$1" || sed 's/^/# /' "$tap_dir/$1"
}

# The same mounts and swap on both sides, whatever the disk is called.
places()
{
    sed -nE 's/^(mount|swap): \/dev\/[a-z]+([0-9]+) /\1 \2 /p' "$tap_dir/$1" |
        cut -d' ' -f1-4 | sort
}

# Every ext4 in DISK passes its own checker.
check_filesystems()
{
    qemu-img convert -O raw "$1" "$tap_dir/raw"
    sfdisk -J "$tap_dir/raw" |
        jq -r '.partitiontable.partitions[] | "\(.start) \(.size)"' |
        while read -r start size; do
            dd if="$tap_dir/raw" of="$tap_dir/part" bs=512 conv=sparse \
                skip="$start" count="$size" status=none
            [ "$(blkid -p -o value -s TYPE "$tap_dir/part")" = ext4 ] || continue
            e2fsck -fn "$tap_dir/part" >"$tap_dir/e2fsck" 2>&1
            echo "$? partition at sector $start"
            rm "$tap_dir/part"
        done >"$tap_dir/checked"
    rm "$tap_dir/raw"
    [ "$(grep -c '^0 ' "$tap_dir/checked")" -ge 2 ] &&
        ! grep -q '^[^0]' "$tap_dir/checked"
}

before=$(sha256sum <"$source")
if [ "$kind" = debian12 ]; then
    boots pvscsi "$source" vmware
    "$scripts/boot.sh" --snapshot --bus virtio-blk --timeout 600 "$source" \
        >"$tap_dir/say" 2>&1
    is $? 1 "$kind: not migrated, it does not come up on virtio"
    sed 's/^/# /' "$tap_dir/say"
fi

"$h2k" --manifest "$guest/artifact-manifest.json" --output-dir "$out" \
    >"$tap_dir/run" 2>&1
ok $? "$kind: the pipeline ends well"
sed 's/^/# /' "$tap_dir/run"
is "$(sha256sum <"$source")" "$before" "$kind: the source is as it was"
qemu-img check -q "$out/disk-0.qcow2"
ok $? "$kind: qemu-img finds nothing wrong with the result"
check_filesystems "$out/disk-0.qcow2"
ok $? "$kind: e2fsck finds nothing wrong in it"
sed 's/^/# /' "$tap_dir/checked"

for bus in virtio-blk virtio-scsi; do
    boots "$bus" "$out/disk-0.qcow2" "$bus"
    reports "$bus" '^cmdline: .*root=UUID=' "root is found by UUID"
    reports "$bus" '^mount: /dev/[sv]da4 / ext4' "/ is mounted"
    reports "$bus" '^mount: /dev/[sv]da2 /boot ext4' "/boot is mounted"
    reports "$bus" '^swap: /dev/[sv]da3' "swap is on"
    if [ -s "$tap_dir/vmware" ]; then
        is "$(places "$bus")" "$(places vmware)" \
            "$kind: $bus: mounts and swap are where they were"
        is "$(grep '^failed' "$tap_dir/$bus")" \
            "$(grep '^failed' "$tap_dir/vmware")" \
            "$kind: $bus: no unit fails that did not before"
    fi
done

"$h2k" --qcow2 "$out/disk-0.qcow2" --output-dir "$tap_dir/again" --json \
    >"$tap_dir/again.json" 2>"$tap_dir/err"
ok $? "$kind: the pipeline on its own result"
is "$(jq '.changes | length' "$tap_dir/again.json")" 0 \
    "$kind: changes nothing"
jq -r '.notes[]' "$tap_dir/again.json" | grep -q 'nothing to change'
ok $? "$kind: and says so"
tap_done
