#!/bin/sh
# SPDX-License-Identifier: LGPL-3.0-or-later
# A system whose root is a read-only snapshot of btrfs, made by the kernel, as
# transactional-update keeps it: it is recognised, and nothing in it is written.
. "$H2K_SOURCE/tests/tap.sh"
own_mounts
need sfdisk mkfs.btrfs btrfs mkfs.ext4 debugfs mkswap losetup jq xz python3
[ "$(id -u)" -eq 0 ] || {
    echo "1..0 # SKIP mounting needs root"
    exit 0
}
hyper2kvm=$H2K_BUILD/hyper2kvm
cd "$tap_dir" || exit 1
mkdir mnt tree
device=
release()
{
    mountpoint -q mnt && umount mnt
    [ -z "$device" ] || losetup -d "$device"
    device=
}
trap 'release; cd /; rm -rf --one-file-system "$tap_dir"' EXIT

# The tree comes as an ext4 filesystem.
"$H2K_SOURCE/tests/trees/build-tree.sh" opensuse-microos ext4.raw || exit 1
dd if=ext4.raw of=fs bs=1M skip=1 count=32 status=none
debugfs -R 'rdump / tree' fs >/dev/null 2>&1

# microos READ-ONLY: guest.raw
microos()
{
    rm -f part guest.raw
    truncate -s 200M part
    mkfs.btrfs -q part >/dev/null 2>&1
    device=$(losetup -f --show part)
    mount -t btrfs "$device" mnt || return 1
    root=mnt/@/.snapshots/1/snapshot
    {
        btrfs subvolume create mnt/@ && mkdir -p mnt/@/.snapshots/1 &&
            btrfs subvolume create mnt/@/var && btrfs subvolume create "$root" &&
            cp -a tree/. "$root"
        btrfs subvolume set-default "$root"
    } >/dev/null
    printf '%s\n' '/dev/sda1 / btrfs ro 0 0' '/dev/sda1 /var btrfs subvol=/@/var 0 0' \
        'overlay /etc overlay lowerdir=/sysroot/etc,upperdir=/sysroot/var/lib/overlay/1/etc 0 0' \
        >"$root/etc/fstab"
    btrfs property set -ts "$root" ro "$1"
    release
    truncate -s 202M guest.raw
    echo 'start=1MiB, size=200MiB, type=83' | sfdisk -q guest.raw
    dd if=part of=guest.raw bs=1M seek=1 conv=notrunc,sparse status=none
}

if ! microos true; then
    echo "1..0 # SKIP the kernel does not mount btrfs"
    exit 0
fi
# found KEY: of what INSPECT says
found() { jq -r ".$1" found.json; }
"$hyper2kvm" inspect --json guest.raw >found.json 2>err
ok $? "it is inspected" || sed 's/^/# /' err
is "$(found immutable)" transactional-update "what keeps its root from being changed"
is "$(found product_name)" "openSUSE MicroOS" "what it is"
"$hyper2kvm" inspect guest.raw >text 2>&1
grep -q '^Warnings .*read-only snapshot of btrfs .*ro false' text
ok $? "the way out is told"
grep -q '/etc: .*overlay' text
ok $? "and what lies over /etc"
grep -q '^Verdict .*cannot be fixed: .*/boot/initrd-6.11.3-1-default: is in a read-only' text
ok $? "an initramfs that lacks the drivers is an error that names it" ||
    grep Verdict text | sed 's/^/# /'
"$hyper2kvm" guest.raw --out-format raw --output-dir out >log 2>&1
is $? 5 "it is not fixed"
ok "$([ ! -e out/guest.raw ]; echo $?)" "and nothing is left behind"

microos false
"$hyper2kvm" inspect --json guest.raw >found.json 2>err
is "$(found immutable)" null "a root that may be changed is not immutable"
tap_done
