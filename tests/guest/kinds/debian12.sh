# The small one: ext4 on GPT, BIOS, device names everywhere.
# shellcheck shell=sh disable=SC2034
about='ext4 on GPT; BIOS'
suite=bookworm
disks=6144
controller=pvscsi
firmware=bios
os_hint=debian os_version=12

# What Debian's installer puts on a small server, and no more.
# usr-is-merged stands for usrmerge, which would bring all of perl.
packages_base='usr-is-merged linux-image-amd64 systemd-sysv udev dbus zstd e2fsprogs
	util-linux mount login passwd kmod ifupdown iproute2 procps fdisk'
packages="$packages_base initramfs-tools grub-pc-bin grub2-common"

initramfs=initramfs-tools
initramfs_modules='vmw_pvscsi sd_mod ext4'
loader=grub_bios

layout() {
	table /dev/sda gpt <<-TABLE
		size=1MiB, type=21686148-6449-6E6F-744E-656564454649
		size=510MiB, type=linux
		size=512MiB, type=swap
		type=linux
	TABLE
	mkfs.ext4 -q -b 1024 /dev/sda2
	mkswap /dev/sda3
	mkfs.ext4 -q /dev/sda4
	place /dev/sda4 / ext4 errors=remount-ro
	place /dev/sda2 /boot ext4 defaults
	place /dev/sda3 none swap sw
}
