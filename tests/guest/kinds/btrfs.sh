# / and /home in subvolumes of one compressed btrfs, as SUSE and Fedora have
# it; BIOS.
# shellcheck shell=sh disable=SC2034
. "${kinds:?}/debian12.sh"
about='compressed btrfs with subvolumes; BIOS'
disks=5120
packages="$packages_base initramfs-tools grub-pc-bin grub2-common btrfs-progs"
initramfs_modules='vmw_pvscsi sd_mod btrfs'

layout() {
	table /dev/sda gpt <<-TABLE
		size=1MiB, type=21686148-6449-6E6F-744E-656564454649
		size=512MiB, type=swap
		type=linux
	TABLE
	mkswap /dev/sda2
	mkfs.btrfs -q /dev/sda3
	mkdir /tmp/top
	mount /dev/sda3 /tmp/top
	for name in @ @home @log; do btrfs subvolume create "/tmp/top/$name"; done
	umount /tmp/top
	place /dev/sda3 / btrfs compress=zstd:1,subvol=@
	place /dev/sda3 /home btrfs compress=zstd:1,subvol=@home
	place /dev/sda3 /var/log btrfs compress=zstd:1,subvol=@log
	place /dev/sda2 none swap sw
}
