# SPDX-License-Identifier: LGPL-3.0-or-later
# Parts of a guest that cannot boot, made by hand in the current directory,
# which is the tree of its files.  To be sourced.
# shellcheck shell=sh

# bz_image PATH RELEASE [WORDS]: "HdrS" at 0x202, and at 0x20e where its
# version is (Linux, Documentation/arch/x86/boot.rst, "The Real-Mode Kernel
# Header").
bz_image()
{
    {
        head -c 514 /dev/zero
        printf 'HdrS'
        head -c 8 /dev/zero
        printf '\000\002'
        head -c 496 /dev/zero
        printf '%s %s\0' "$2" "${3:-(builder@example.com) #1 SMP}"
        head -c 512 /dev/zero
    } >"$1"
    truncate -s 16384 "$1"
}

# elf PATH: a header for x86-64 (System V ABI, "ELF Header") stands for a
# program.
elf()
{
    mkdir -p "$(dirname "$1")"
    printf '\177ELF\002\001\001%09d\003\000\076\000\001\000\000\000' 0 |
        tr 0 '\000' >"$1"
    truncate -s 4096 "$1"
}

# module NAME [DEPENDENCY...]: a text for it below $modules, with $suffix
module()
{
    mkdir -p "$modules/${1%/*}"
    printf 'the module %s\n' "$1" >"$modules/$1$suffix"
    {
        printf '%s%s:' "$1" "$suffix"
        shift
        for dependency; do
            printf ' %s%s' "$dependency" "$suffix"
        done
        echo
    } >>"$modules/modules.dep"
}

# kernel_modules DIRECTORY [SUFFIX]: as a distribution's kernel has them, with
# SUFFIX ".ko" or that of compressed ones (whose content nobody here unpacks).
kernel_modules()
{
    modules=$1 suffix=${2:-.ko}
    k=kernel/drivers
    mkdir -p "$modules"
    printf 'kernel/drivers/virtio/%s.ko\n' virtio virtio_ring \
        >"$modules/modules.builtin"
    : >"$modules/modules.softdep"
    : >"$modules/modules.alias"
    : >"$modules/modules.order"
    module $k/virtio/virtio_pci_modern_dev
    module $k/virtio/virtio_pci_legacy_dev
    module $k/virtio/virtio_pci $k/virtio/virtio_pci_legacy_dev \
        $k/virtio/virtio_pci_modern_dev
    module $k/block/virtio_blk
    module $k/scsi/scsi_common
    module $k/scsi/scsi_mod $k/scsi/scsi_common
    module $k/scsi/sd_mod $k/scsi/scsi_mod $k/scsi/scsi_common
    module $k/scsi/virtio_scsi $k/scsi/scsi_mod $k/scsi/scsi_common
    module $k/scsi/vmw_pvscsi $k/scsi/scsi_mod $k/scsi/scsi_common
    module $k/net/net_failover
    module $k/net/virtio_net $k/net/net_failover
    module $k/virtio/virtio_balloon
    module $k/char/virtio_console
    module $k/char/hw_random/virtio-rng
}

# initramfs_modules TO: what a guest on VMware has in its initramfs, its disk's
# driver, from $modules into the directory TO.
initramfs_modules()
{
    mkdir -p "$1/kernel/drivers/scsi"
    for driver in scsi_common scsi_mod sd_mod vmw_pvscsi; do
        cp "$modules/kernel/drivers/scsi/$driver$suffix" \
            "$1/kernel/drivers/scsi/"
    done
    grep -E '/(scsi_common|scsi_mod|sd_mod|vmw_pvscsi)\.ko[.a-z]*:' \
        "$modules/modules.dep" >"$1/modules.dep"
}

# pack DIRECTORY: it, as the kernel unpacks it, on standard output.
pack()
{
    (cd "$1" && find . | LC_ALL=C sort | cpio --quiet -o -H newc -R 0:0)
}
