#!/bin/sh
# SPDX-License-Identifier: LGPL-3.0-or-later
# A small guest on a real disk: what we find in it, and what e2fsck, debugfs
# and cpio say of it after our edits.
. "$(dirname "$0")/../tap.sh"
need sfdisk mke2fs mkswap e2fsck debugfs dumpe2fs cpio zstd

tool=$H2K_BUILD/tests/oracle/guest-tool
version=6.1.0-1
cd "$tap_dir" || exit 1
boot_uuid=0b2c7a52-5f5e-4d7a-8f0c-2f1d3c4b5a02
swap_uuid=0b2c7a52-5f5e-4d7a-8f0c-2f1d3c4b5a03
root_uuid=0b2c7a52-5f5e-4d7a-8f0c-2f1d3c4b5a04

trees()
{
    mkdir -p boot/grub root/etc/initramfs-tools root/boot root/usr/sbin \
        root/usr/lib/modules/$version/kernel archive/usr/lib
    ln -s usr/lib root/lib
    ln -s usr/lib archive/lib
    printf '/dev/sda3 / ext4 defaults 0 1\n/dev/sda1 /boot ext4 defaults 0 2\n/dev/sda2 none swap sw 0 0\n' >root/etc/fstab
    printf 'ID=debian\nVERSION_ID="12"\n' >root/etc/os-release
    echo guest >root/etc/hostname
    echo ext4 >root/etc/initramfs-tools/modules
    for module in virtio virtio_pci virtio_blk; do
        head -c 200000 /dev/urandom >root/usr/lib/modules/$version/kernel/$module.ko
        echo "kernel/$module.ko: kernel/virtio.ko"
    done >root/usr/lib/modules/$version/modules.dep
    echo kernel >boot/vmlinuz-$version
    (cd archive && find . | cpio --quiet -o -H newc) | zstd -q >boot/initrd.img-$version
    printf "menuentry x {\n linux /vmlinuz-$version root=/dev/sda3\n initrd /initrd.img-$version\n}\n" >boot/grub/grub.cfg
}

# disk NAME BOOT_MIB
disk()
{
    truncate -s 64M "$1"
    sfdisk --quiet "$1" <<TABLE
label: gpt
start=1MiB, size=${2}MiB, type=linux
start=21MiB, size=8MiB, type=swap
start=30MiB, size=32MiB, type=linux
TABLE
    mke2fs -q -F -t ext4 -m 0 -U $boot_uuid -d boot -E offset=$((1 << 20)) \
        "$1" "${2}M" 2>/dev/null
    mke2fs -q -F -t ext4 -U $root_uuid -d root -E offset=$((30 << 20)) \
        "$1" 32M 2>/dev/null
    rm -f swap
    truncate -s 8M swap
    mkswap --quiet -U $swap_uuid swap 2>/dev/null
    # Something was paged out once.
    printf 'secret' | dd of=swap bs=1M seek=4 conv=notrunc status=none
    dd if=swap of="$1" bs=1M seek=21 conv=notrunc status=none
}

line()
{
    grep -x -- "$1" found >/dev/null
    ok $? "finds: $1"
}

check()
{
    e2fsck -fn "$1?offset=$((1 << 20))" >/dev/null 2>&1 &&
        e2fsck -fn "$1?offset=$((30 << 20))" >/dev/null 2>&1
}

dump()
{
    rm -f dumped
    debugfs -R "dump $2 dumped" "$1?offset=$(($3 << 20))" 2>/dev/null
    cat dumped
}

trees
disk disk.raw 20
cp disk.raw before.raw
"$tool" inspect disk.raw >found 2>/dev/null
line 'distro debian'
line 'hostname guest'
line "kernel $version /boot/vmlinuz-$version /boot/initrd.img-$version zstd - default"
line 'driver virtio_blk module'
line "filesystem disk-0 1 ext4 $boot_uuid"
line "filesystem disk-0 2 swap $swap_uuid"
line "filesystem disk-0 3 ext4 $root_uuid"
line 'mount /boot /dev/sda1'
is "$(grep -c '^warning' found)" 0 "warns of nothing"

"$tool" fix fixed.raw disk.raw >changes 2>/dev/null
ok $? "is fixed"
cmp -s disk.raw before.raw
ok $? "the source is as it was"
check fixed.raw
ok $? "e2fsck finds nothing"
dump fixed.raw /etc/fstab 30 | grep -q "^UUID=$root_uuid / "
ok $? "fstab names volumes by UUID"
dump fixed.raw /etc/initramfs-tools/modules 30 | grep -qx virtio_blk
ok $? "the generator is told"
dump fixed.raw /initrd.img-$version 1 >initrd
head -c "$(stat -c %s boot/initrd.img-$version)" initrd |
    cmp -s - boot/initrd.img-$version
ok $? "the initramfs begins as it did"
at=$(($(stat -c %s boot/initrd.img-$version) + 3))
mkdir out
tail -c +$((at / 4 * 4 + 1)) initrd | (cd out && cpio --quiet -idm)
cmp -s out/usr/lib/modules/$version/kernel/virtio_blk.ko \
    root/usr/lib/modules/$version/kernel/virtio_blk.ko
ok $? "and the module is behind it"
grep -aq secret fixed.raw
is $? 1 "what was paged out is left out"
"$tool" inspect fixed.raw >found 2>/dev/null
line 'driver virtio_blk module in-initramfs'
line "filesystem disk-0 2 swap $swap_uuid"
"$tool" fix again.raw fixed.raw >changes 2>/dev/null
is "$(grep -c '^change' changes)" 0 "a second run has nothing to change"
cmp -s fixed.raw again.raw
ok $? "and the disk stays the same"

# An administrator's chattr +i.
disk locked.raw 20
debugfs -w -R 'set_inode_field /etc/fstab flags 0x80010' \
    "locked.raw?offset=$((30 << 20))" >/dev/null 2>&1
"$tool" fix unlocked.raw locked.raw >changes 2>/dev/null
ok $? "a guest with an immutable fstab is fixed"
check unlocked.raw
ok $? "e2fsck finds nothing there"
dump unlocked.raw /etc/fstab 30 | grep -q "^UUID=$root_uuid / "
ok $? "fstab names volumes by UUID"
debugfs -R 'stat /etc/fstab' "unlocked.raw?offset=$((30 << 20))" 2>/dev/null |
    grep -q 'Flags: 0x80010'
ok $? "and is immutable again"

# 200 KiB in /boot, which is room for backups of text only.
disk full.raw 20
free=$(dumpe2fs -h "full.raw?offset=$((1 << 20))" 2>/dev/null |
    sed -n 's/^Free blocks: *//p')
head -c $(((free - 200) * 1024)) /dev/urandom >filler
debugfs -w -R 'write filler filler' "full.raw?offset=$((1 << 20))" >/dev/null 2>&1
"$tool" fix none.raw full.raw >/dev/null 2>message
is $? 5 "a full /boot is refused"
grep -q "/boot/initrd.img-$version needs [0-9]* bytes more" message
ok $? "and the message says what it needs"
[ ! -e none.raw ]
ok $? "nothing is written"
tap_done
