# BIOS and EXTLINUX: a menu that names /dev/sda1, on an MBR disk with one
# filesystem.
# shellcheck shell=sh disable=SC2034
. "${kinds:?}/debian12.sh"
about='ext4 on MBR, EXTLINUX; BIOS'
disks=4096
packages="$packages_base initramfs-tools extlinux"
loader=extlinux

layout() {
	table /dev/sda dos <<-TABLE
		size=3500MiB, type=83, bootable
		type=82
	TABLE
	# What EXTLINUX 6 reads of ext4.
	mkfs.ext4 -q -O ^64bit,^metadata_csum /dev/sda1
	mkswap /dev/sda2
	place /dev/sda1 / ext4 errors=remount-ro
	place /dev/sda2 none swap sw
}

boot_extlinux() {
	mkdir -p "$target/boot/extlinux"
	{
		echo 'default l0'
		echo 'prompt 0'
		n=0
		for image in "$target"/boot/vmlinuz-*; do
			version=${image##*/vmlinuz-}
			printf 'label l%s\n\tmenu label Debian, kernel %s\n' $n "$version"
			printf '\tlinux /boot/vmlinuz-%s\n' "$version"
			printf '\tinitrd /boot/initrd.img-%s\n' "$version"
			printf '\tappend root=/dev/sda1 ro console=tty0 console=ttyS0,115200\n'
			n=$((n + 1))
		done
	} >"$target/boot/extlinux/extlinux.conf"
	inside extlinux --install /boot/extlinux
	dd if="$target/usr/lib/EXTLINUX/mbr.bin" of=/dev/sda bs=440 count=1 \
		conv=notrunc status=none
}
