# / and swap on md RAID 1 over two disks, each of which can boot alone; BIOS.
# shellcheck shell=sh disable=SC2034
. "${kinds:?}/debian12.sh"
about='ext4 on md RAID 1 over two disks; BIOS'
disks='4096 4096'
packages="$packages_base initramfs-tools grub-pc-bin grub2-common mdadm"
initramfs_modules='vmw_pvscsi sd_mod ext4 raid1'
grub_disks='/dev/sda /dev/sdb'

layout() {
	for disk in $grub_disks; do
		table "$disk" gpt <<-TABLE
			size=1MiB, type=21686148-6449-6E6F-744E-656564454649
			size=512MiB, type=raid
			type=raid
		TABLE
	done
	for n in 2 3; do
		mdadm --create "/dev/md$((n - 2))" --run --homehost=md-raid1 --level=1 \
			--metadata=1.2 --assume-clean --raid-devices=2 "/dev/sda$n" "/dev/sdb$n"
	done
	mkswap /dev/md0
	mkfs.ext4 -q /dev/md1
	place /dev/md1 / ext4 errors=remount-ro
	place /dev/md0 none swap sw
}

configure() {
	mdadm --detail --scan | sed 's/ name=[^ ]*//' >>"$target/etc/mdadm/mdadm.conf"
}

generate() { inside update-initramfs -u -k all; }
