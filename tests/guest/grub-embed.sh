#!/bin/sh
# grub-embed.sh DISK SECTOR BOOT.IMG CORE.IMG: puts GRUB's boot code into the
# MBR of a disk image, and its core into the BIOS boot partition that begins
# at SECTOR. What grub-bios-setup does, which wants a device that is mounted.
set -eu
disk=$1 sector=$2 boot=$3 core=$4

# put OFFSET BYTES: octal escapes, as printf takes them
# shellcheck disable=SC2059
put() { printf "$2" | dd of="$disk" bs=1 seek="$1" conv=notrunc status=none; }
# le64 NUMBER: its eight bytes, the lowest first
le64() {
	n=$1 i=0
	while [ $i -lt 8 ]; do
		printf '\\%03o' $((n & 255))
		n=$((n >> 8)) i=$((i + 1))
	done
}

# The boot code ends where the disk signature begins, at 0x1b8 = 440.
dd if="$boot" of="$disk" bs=440 count=1 conv=notrunc status=none
put $((0x5c)) "$(le64 "$sector")" # kernel_sector: where the core begins
put $((0x64)) '\377'              # boot_drive: as the BIOS says
put $((0x66)) '\220\220'          # boot_drive_check: not on hard disks

# The core's first sector loads the rest: at 0x1f4 is where the rest begins
# (its length and segment are grub-mkimage's).
dd if="$core" of="$disk" bs=512 seek="$sector" conv=notrunc status=none
put $((sector * 512 + 0x1f4)) "$(le64 $((sector + 1)))"
