# UEFI with Secure Boot enforced, by shim and Debian's signed GRUB. As after
# grub-install, the firmware finds the loader by its own variable alone: the
# disk has nothing in the place for removable media.
# shellcheck shell=sh disable=SC2034
. "${kinds:?}/debian12.sh"
about='ext4, UEFI with Secure Boot through shim, no fallback loader'
disks=5120
firmware=secure
# OVMF as Debian builds it has no driver for pvscsi.
controller=sata
initramfs_modules='ahci sd_mod ext4'
packages="$packages_base initramfs-tools grub-efi-amd64-signed shim-signed
	grub-efi-amd64-bin grub2-common efibootmgr dosfstools"
loader=grub_efi

layout() {
	table /dev/sda gpt <<-TABLE
		size=256MiB, type=uefi
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
