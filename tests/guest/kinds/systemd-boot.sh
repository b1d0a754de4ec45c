# UEFI without Secure Boot, systemd-boot, and entries of the Boot Loader
# Specification's first type: kernel and initramfs on the ESP.
# shellcheck shell=sh disable=SC2034
. "${kinds:?}/debian12.sh"
about='ext4, UEFI with systemd-boot'
disks=5120
firmware=uefi
# OVMF as Debian builds it has no driver for pvscsi.
controller=sata
initramfs_modules='ahci sd_mod ext4'
packages="$packages_base initramfs-tools systemd-boot efibootmgr dosfstools"
loader=systemd

layout() {
	table /dev/sda gpt <<-TABLE
		size=512MiB, type=uefi
		size=512MiB, type=swap
		type=linux
	TABLE
	mkfs.vfat -F 32 /dev/sda1
	mkswap /dev/sda2
	mkfs.ext4 -q /dev/sda3
	place /dev/sda3 / ext4 errors=remount-ro
	place /dev/sda1 /boot/efi vfat umask=0077
	place /dev/sda2 none swap sw
}
