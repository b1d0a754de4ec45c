#!/bin/sh
# SPDX-License-Identifier: LGPL-3.0-or-later
# Unified kernel images of systemd's stub, as objcopy lays them out: found,
# extended, judged by binutils, and where there is a kernel and firmware,
# booted.
# shellcheck source=tests/tap.sh
. "$H2K_SOURCE/tests/tap.sh"
stub=/usr/lib/systemd/boot/efi/linuxx64.efi.stub
loader=/usr/lib/systemd/boot/efi/systemd-bootx64.efi
need sfdisk mke2fs mkfs.fat fsck.fat mcopy mmd cpio objcopy objdump cc
[ -r $stub ] || need "$stub"
tool=$H2K_BUILD/tests/oracle/guest-tool
cd "$tap_dir" || exit 1
PATH=$PATH:/sbin:/usr/sbin
export MTOOLS_SKIP_CHECK=1
version=6.1.0-1

# What can be booted, or something in its place.
kernel=
for file in /boot/vmlinuz-*; do [ ! -r "$file" ] || kernel=$file; done
firmware=${H2K_OVMF:-/usr/share/OVMF}/OVMF_CODE_4M.fd
boot=no
if [ -n "$kernel" ] && [ -r "$firmware" ] &&
    command -v qemu-system-x86_64 >/dev/null; then
    boot=yes
else
    kernel=kernel
    head -c 300000 /dev/urandom >kernel
fi

# The guest: its modules, and a root that its image names by /dev/sda2.
modules=root/usr/lib/modules/$version
mkdir -p root/etc root/efi root/usr/sbin $modules/kernel
printf 'UUID=AB12-34CD /efi vfat umask=0077 0 1\n/dev/sda2 / ext4 defaults 0 1\n' >root/etc/fstab
printf 'ID=debian\nVERSION_ID="12"\n' >root/etc/os-release
ln -s usr/lib root/lib
for module in virtio virtio_pci virtio_blk virtio_scsi sd_mod; do
    head -c 30000 /dev/urandom >$modules/kernel/$module.ko
    echo "kernel/$module.ko: kernel/virtio.ko"
done >$modules/modules.dep

# Its initramfs tells what it sees, and ends.
cat >init.c <<'C'
#include <stdio.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <unistd.h>
int
main(void)
{
    char line[4096] = "";
    mkdir("/proc", 0755);
    mount("none", "/proc", "proc", 0, NULL);
    FILE *file = fopen("/proc/cmdline", "r");
    if (file != NULL && fgets(line, sizeof(line), file) != NULL)
        printf("seen: cmdline %s\n", line);
    struct stat st;
    printf("seen: module %s\n",
           stat("/lib/modules/VERSION/kernel/virtio_blk.ko", &st) == 0 &&
                   st.st_size == 30000
               ? "yes" : "no");
    printf("seen: own %s\n", stat("/own", &st) == 0 ? "yes" : "no");
    fflush(stdout);
    sync();
    reboot(RB_POWER_OFF);
    return 0;
}
C
sed -i "s/VERSION/$version/" init.c
mkdir -p archive/usr/lib archive/dev
ln -s usr/lib archive/lib
echo own >archive/own
cc -static -O1 -o archive/init init.c 2>log || boot=no
[ -e archive/init ] || echo '#!/bin/sh' >archive/init
(cd archive && find . | LC_ALL=C sort | cpio --quiet -o -H newc) | gzip -n >initrd
printf 'console=ttyS0 root=/dev/sda2 ro quiet' >cmdline
printf %s $version >uname

# image ORDER: the kernel at one address and the initramfs at another.
image()
{
    case $1 in
    initrd-last) set -- 0x2000000 0x4000000 ;;
    linux-last) set -- 0x4000000 0x2000000 ;;
    esac
    objcopy --add-section .osrel=root/etc/os-release \
        --change-section-vma .osrel=0x20000 \
        --add-section .cmdline=cmdline --change-section-vma .cmdline=0x30000 \
        --add-section .uname=uname --change-section-vma .uname=0x38000 \
        --add-section .linux="$kernel" --change-section-vma .linux="$1" \
        --add-section .initrd=initrd --change-section-vma .initrd="$2" \
        $stub uki.efi 2>log
}

disk()
{
    rm -f disk.raw esp
    truncate -s 130M disk.raw
    truncate -s 80M esp
    sfdisk --quiet disk.raw <<'TABLE'
label: gpt
start=1MiB, size=80MiB, type=uefi
start=82MiB, size=40MiB, type=linux
TABLE
    mkfs.fat -F 32 -i ab1234cd esp >/dev/null 2>&1
    mmd -i esp ::EFI ::EFI/Linux ::EFI/BOOT ::loader
    mcopy -i esp uki.efi ::EFI/Linux/debian.efi
    echo 'timeout 0' | mcopy -i esp - ::loader/loader.conf
    mcopy -i esp $loader ::EFI/BOOT/BOOTX64.EFI
    dd if=esp of=disk.raw bs=1M seek=1 conv=notrunc status=none
    mke2fs -q -F -t ext4 -d root -E offset=$((82 << 20)) disk.raw 40M \
        2>/dev/null
}

section()
{
    rm -f "$2.bin"
    objcopy -O binary --only-section="$1" "$2" "$2.bin" 2>/dev/null
    cat "$2.bin"
}

# Every section in order, none over another, as the table has them.
in_order()
{
    objdump -h "$1" | awk '$2 ~ /^\./ { print $3, $4 }' |
        while read -r size address; do
            [ $((0x$address)) -ge $((end)) ] || exit 1
            end=$((0x$address + 0x$size))
        done
}

boot_it()
{
    cp "${H2K_OVMF:-/usr/share/OVMF}/OVMF_VARS_4M.fd" vars
    timeout 150 qemu-system-x86_64 -accel tcg,thread=multi -m 512 -machine q35 \
        -display none -serial file:console -monitor none -no-reboot -net none \
        -drive if=pflash,format=raw,readonly=on,file="$firmware" \
        -drive if=pflash,format=raw,file=vars \
        -drive if=virtio,format=raw,file="$1",snapshot=on >log 2>&1
    tr -d '\r' <console >seen
}

seen()
{
    grep -aq "$1" seen
    status=$?
    ok $status "the booted kernel has seen: $1"
    [ $status -eq 0 ] || tail -n 5 seen | sed 's/^/# /'
}

for order in initrd-last linux-last; do
    image $order
    ok $? "$order: an image of the real stub"
    disk
    "$tool" inspect disk.raw >found 2>log
    grep -q "$version" found
    ok $? "its kernel is found"
    rm -f fixed.raw
    "$tool" fix fixed.raw disk.raw >changes 2>log
    ok $? "it is fixed"
    sed 's/^/# /' log
    dd if=fixed.raw of=esp bs=1M skip=1 count=80 status=none
    fsck.fat -n esp >log 2>&1
    ok $? "fsck.fat finds nothing"
    mcopy -n -o -i esp ::EFI/Linux/debian.efi new.efi
    in_order new.efi
    ok $? "objdump finds its sections in order"
    for name in .text .osrel .uname .linux .sbat; do
        section $name uki.efi >was
        section $name new.efi >now
        cmp -s was now
        ok $? "$name is what it was"
    done
    uuid=$(blkid -p -O $((82 << 20)) -s UUID -o value fixed.raw)
    is "$(section .cmdline new.efi | tr -d '\0')" \
        "console=ttyS0 root=UUID=$uuid ro quiet" "the root by its UUID"
    section .initrd new.efi >now
    size=$(wc -c <initrd)
    head -c "$size" now | cmp -s - initrd
    ok $? "the initramfs begins with what it was"
    tail -c +$(((size + 3) / 4 * 4 + 1)) now | cpio -it 2>/dev/null |
        grep -q 'virtio_blk.ko$'
    ok $? "and goes on with the drivers"
    rm -f again.raw
    "$tool" fix again.raw fixed.raw >changes 2>log
    is "$? $(grep -c 'debian.efi' changes)" "0 0" "a second time changes nothing"
    # Booting takes half a minute; the one that had to move is worth it.
    [ $boot = yes ] && [ $order = "${H2K_UKI_BOOT:-linux-last}" ] || continue
    boot_it fixed.raw
    seen "cmdline.*root=UUID=$uuid"
    seen "module yes"
    seen "own yes"
done
tap_done
