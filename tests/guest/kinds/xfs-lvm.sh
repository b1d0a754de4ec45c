# As RHEL has it: / and /boot XFS, / and swap on LVM over two disks, the
# initramfs by dracut, for this machine only.
# shellcheck shell=sh disable=SC2034
. "${kinds:?}/debian12.sh"
about='XFS / and /boot, LVM over two disks, dracut; BIOS'
disks='4096 3072'
packages="$packages_base dracut grub-pc-bin grub2-common lvm2 xfsprogs"
initramfs=dracut
initramfs_modules='vmw_pvscsi sd_mod xfs dm_mod'
dracut_modules='lvm'

layout() {
	grub_disks=$disk1
	table "$disk1" gpt <<-TABLE
		size=1MiB, type=21686148-6449-6E6F-744E-656564454649
		size=510MiB, type=linux
		type=E6D6D379-F507-44C2-A23C-238F2A3DF928
	TABLE
	pvcreate "${disk1}3" "$disk2"
	vgcreate vg0 "${disk1}3" "$disk2"
	lvcreate -n swap -L 512M vg0 "$disk2"
	lvcreate -n root -l 100%FREE vg0
	mkfs.xfs -q "${disk1}2"
	mkfs.xfs -q /dev/vg0/root
	mkswap /dev/vg0/swap
	place /dev/mapper/vg0-root / xfs defaults
	place "${disk1}2" /boot xfs defaults "UUID=$(uuid "${disk1}2")"
	place /dev/mapper/vg0-swap none swap sw
}
