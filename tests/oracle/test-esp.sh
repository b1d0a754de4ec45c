#!/bin/sh
# SPDX-License-Identifier: LGPL-3.0-or-later
# A guest with an EFI system partition: it is mounted where fstab says, what
# is on it tells the firmware, and fsck.fat finds nothing after our edits.
# shellcheck source=tests/tap.sh
. "$H2K_SOURCE/tests/tap.sh"
need sfdisk mke2fs mkfs.fat fsck.fat mcopy mmd mdeltree cpio zstd
tool=$H2K_BUILD/tests/oracle/guest-tool
cd "$tap_dir" || exit 1
PATH=$PATH:/sbin:/usr/sbin
export MTOOLS_SKIP_CHECK=1

mkdir -p root/etc root/boot/efi root/usr/sbin
printf 'UUID=AB12-34CD /boot/efi vfat umask=0077 0 1\n/dev/sda2 / ext4 defaults 0 1\n' >root/etc/fstab
printf 'ID=debian\nVERSION_ID="12"\n' >root/etc/os-release
# A program for x86-64: as much of its header as tells that.
{
    printf 'MZ'
    head -c 58 /dev/zero
    printf '\100\0\0\0PE\0\0\144\206'
    head -c 3000 /dev/zero
} >loader
version=6.1.0-1
modules=root/usr/lib/modules/$version
mkdir -p $modules/kernel root/etc/initramfs-tools archive/usr/lib root/boot/grub
ln -s usr/lib root/lib
ln -s usr/lib archive/lib
echo ext4 >root/etc/initramfs-tools/modules
for module in virtio virtio_pci virtio_blk; do
    echo $module >$modules/kernel/$module.ko
    echo "kernel/$module.ko: kernel/virtio.ko"
done >$modules/modules.dep
echo kernel >root/boot/vmlinuz-$version
(cd archive && find . | cpio --quiet -o -H newc) |
    zstd -q >root/boot/initrd.img-$version
printf 'menuentry x {\n linux /boot/vmlinuz-%s root=/dev/sda2\n' $version \
    >root/boot/grub/grub.cfg
printf ' initrd /boot/initrd.img-%s\n}\n' $version >>root/boot/grub/grub.cfg

# disk NAME LOADER...: a guest with these files below EFI/debian.
disk()
{
    name=$1
    shift
    rm -f "$name" esp
    truncate -s 80M "$name"
    truncate -s 40M esp
    sfdisk --quiet "$name" <<'TABLE'
label: gpt
start=1MiB, size=40MiB, type=uefi
start=42MiB, size=32MiB, type=linux
TABLE
    mkfs.fat -F 32 -i ab1234cd esp >/dev/null 2>&1
    mmd -i esp ::EFI ::EFI/debian
    for file; do mcopy -i esp loader "::EFI/debian/$file"; done
    dd if=esp of="$name" bs=1M seek=1 conv=notrunc status=none
    mke2fs -q -F -t ext4 -d root -E offset=$((42 << 20)) "$name" 32M \
        2>/dev/null
}

line()
{
    grep -x -- "$1" found >/dev/null
    status=$?
    ok $status "finds: $1"
    [ $status -eq 0 ] || sed 's/^/# /' found
}

fix()
{
    rm -f "$1"
    "$tool" fix "$1" "$2"
}

disk uefi.raw grubx64.efi shimx64.efi
"$tool" inspect uefi.raw >found 2>log
line 'firmware uefi'
line 'mount /boot/efi UUID=AB12-34CD'
line 'filesystem disk-0 1 vfat AB12-34CD'
is "$(grep -c '^warning' found)" 0 "warns of nothing"

disk plain.raw grubx64.efi
printf 'waste' | dd of=plain.raw bs=1M seek=30 conv=notrunc status=none
fix fixed.raw plain.raw >changes 2>log
ok $? "is fixed"
dd if=fixed.raw of=esp bs=1M skip=1 count=40 status=none
fsck.fat -n esp >log 2>&1
ok $? "fsck.fat finds nothing"
same()
{
    mcopy -n -o -i esp "::$1" got 2>log && cmp -s got "$2"
    ok $? "$1 is the loader"
}
same EFI/debian/grubx64.efi loader
same EFI/BOOT/BOOTX64.EFI loader
is "$(grep -c '^change .*/boot/efi/EFI/BOOT/BOOTX64.EFI' changes)" 1 \
    "and the change is reported"
fix again.raw fixed.raw >changes 2>log
ok $? "is fixed again"
is "$(grep -c EFI changes)" 0 "which changes nothing there"
grep -aq waste fixed.raw
is $? 1 "what is in free clusters is left out"

# A shim, and what it starts; a helper of its own is no loader.
cp loader shim
echo shim >>shim
cp loader mok
echo mok >>mok
disk shim.raw grubx64.efi
dd if=shim.raw of=esp bs=1M skip=1 count=40 status=none
mcopy -i esp shim ::EFI/debian/shimx64.efi
mcopy -i esp mok ::EFI/debian/mmx64.efi
mcopy -i esp mok ::EFI/debian/fbx64.efi
dd if=esp of=shim.raw bs=1M seek=1 conv=notrunc status=none
fix fixed.raw shim.raw >changes 2>log
dd if=fixed.raw of=esp bs=1M skip=1 count=40 status=none
same EFI/BOOT/BOOTX64.EFI shim
same EFI/BOOT/grubx64.efi loader
same EFI/BOOT/mmx64.efi mok
fsck.fat -n esp >log 2>&1
ok $? "fsck.fat finds nothing"

# The fallback of somebody else stays.
disk own.raw grubx64.efi
dd if=own.raw of=esp bs=1M skip=1 count=40 status=none
mmd -i esp ::EFI/Boot
mcopy -i esp mok ::EFI/Boot/bootx64.efi
dd if=esp of=own.raw bs=1M seek=1 conv=notrunc status=none
fix fixed.raw own.raw >changes 2>log
dd if=fixed.raw of=esp bs=1M skip=1 count=40 status=none
same EFI/BOOT/BOOTX64.EFI mok
is "$(grep -c EFI changes)" 0 "a fallback that is there stays"

# Loaders of two systems, and one that is this one's.
for other in fedora debian; do
    disk two.raw grubx64.efi
    dd if=two.raw of=esp bs=1M skip=1 count=40 status=none
    mmd -i esp ::EFI/ubuntu ::EFI/fedora
    mcopy -i esp mok ::EFI/ubuntu/grubx64.efi
    [ $other = debian ] || {
        mcopy -i esp shim ::EFI/fedora/grubx64.efi
        mdeltree -i esp ::EFI/debian
    }
    dd if=esp of=two.raw bs=1M seek=1 conv=notrunc status=none
    fix fixed.raw two.raw >changes 2>log
    dd if=fixed.raw of=esp bs=1M skip=1 count=40 status=none
    if [ $other = debian ]; then
        same EFI/BOOT/BOOTX64.EFI loader
    else
        is "$(grep -c '^warning uefi: .*fedora, ubuntu' changes)" 1 \
            "several systems' loaders are named"
    fi
done
mmd -i esp ::EFI/BOOT
mcopy -i esp mok ::EFI/BOOT/BOOTX64.EFI
dd if=esp of=two.raw bs=1M seek=1 conv=notrunc status=none
fix fixed.raw two.raw >changes 2>log
is "$(grep -c '^warning uefi' changes)" 0 "but not where one can be started"

# What only a boot entry of the old machine started.
disk image.raw grubx64.efi
dd if=image.raw of=esp bs=1M skip=1 count=40 status=none
mdeltree -i esp ::EFI/debian
mmd -i esp ::EFI/Linux
mcopy -i esp loader ::EFI/Linux/own.efi
dd if=esp of=image.raw bs=1M seek=1 conv=notrunc status=none
fix fixed.raw image.raw >changes 2>log
ok $? "a system partition without a loader is fixed"
is "$(grep -c '^warning uefi: .*no loader at .EFI.BOOT' changes)" 1 \
    "and that nothing starts it is said"

# No room: said before anything is written.
disk full.raw grubx64.efi
dd if=full.raw of=esp bs=1M skip=1 count=40 status=none
head -c 41240000 /dev/zero | mcopy -i esp - ::FILL 2>log
dd if=esp of=full.raw bs=1M seek=1 conv=notrunc status=none
fix fixed.raw full.raw >changes 2>log
is $? 5 "a full system partition is an error"
grep -q 'are free on the EFI system partition' log
ok $? "which says what to do"

disk empty.raw README
"$tool" inspect empty.raw >found 2>log
line 'firmware -'
tap_done
