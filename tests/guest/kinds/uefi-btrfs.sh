# uefi with its root as btrfs has it, as SUSE and Fedora are today.
# shellcheck shell=sh disable=SC2034
. "${kinds:?}/btrfs.sh"
. "${kinds:?}/uefi.sh"
about='compressed btrfs with subvolumes, UEFI with Secure Boot through shim'
packages="$packages btrfs-progs"
initramfs_modules='ahci sd_mod btrfs'

layout() {
	table /dev/sda gpt <<-TABLE
		size=256MiB, type=uefi
		size=512MiB, type=swap
		type=linux
	TABLE
	mkfs.vfat -F 32 /dev/sda1
	mkswap /dev/sda2
	subvolumes /dev/sda3
	place /dev/sda1 /boot/efi vfat umask=0077
	place /dev/sda2 none swap sw
}
