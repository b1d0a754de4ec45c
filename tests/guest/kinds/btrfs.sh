# / and /home in subvolumes of one compressed btrfs, as SUSE and Fedora have
# it; BIOS.
# shellcheck shell=sh disable=SC2034
. "${kinds:?}/debian12.sh"
about='compressed btrfs with subvolumes; BIOS'
disks=5120
packages="$packages_base initramfs-tools grub-pc-bin grub2-common btrfs-progs"
initramfs_modules='vmw_pvscsi sd_mod btrfs'

# subvolumes DEVICE: what is on it
subvolumes() {
	mkfs.btrfs -q "$1"
	mkdir /tmp/top
	mount "$1" /tmp/top
	for name in @ @home @log; do btrfs subvolume create "/tmp/top/$name"; done
	umount /tmp/top
	place "$1" / btrfs compress=zstd:1,subvol=@
	place "$1" /home btrfs compress=zstd:1,subvol=@home
	place "$1" /var/log btrfs compress=zstd:1,subvol=@log
}

layout() {
	table /dev/sda gpt <<-TABLE
		size=1MiB, type=21686148-6449-6E6F-744E-656564454649
		size=512MiB, type=swap
		type=linux
	TABLE
	mkswap /dev/sda2
	subvolumes /dev/sda3
	place /dev/sda2 none swap sw
}
