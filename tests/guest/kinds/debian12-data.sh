# debian12 with a second disk, which fstab calls by the name that it has on
# VMware's controller.
# shellcheck shell=sh disable=SC2034
. "${kinds:?}/debian12.sh"
about='ext4 on GPT, a data disk by /dev/sdb1; BIOS'
disks='6144 512'
# Only one that is found when the first is there already is certain to be sdb.
initramfs_modules='sd_mod vmw_pvscsi ext4'

configure() {
	sed -i 's/^\(GRUB_CMDLINE_LINUX="[^"]*\)"/\1 scsi_mod.scan=sync"/' \
		"$target/etc/default/grub"
}

layout() {
	table "$disk1" gpt <<-TABLE
		size=1MiB, type=21686148-6449-6E6F-744E-656564454649
		size=510MiB, type=linux
		size=512MiB, type=swap
		type=linux
	TABLE
	table "$disk2" gpt <<-TABLE
		type=linux
	TABLE
	grub_disks=$disk1
	mkfs.ext4 -q -b 1024 "${disk1}2"
	mkswap "${disk1}3"
	mkfs.ext4 -q "${disk1}4"
	mkfs.ext4 -q "${disk2}1"
	place "${disk1}4" / ext4 errors=remount-ro /dev/sda4
	place "${disk1}2" /boot ext4 defaults /dev/sda2
	place "${disk1}3" none swap sw /dev/sda3
	place "${disk2}1" /data ext4 defaults /dev/sdb1
}
