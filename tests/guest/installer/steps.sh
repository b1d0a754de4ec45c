# The steps of an installation, and the words in which a kind's layout() is
# written.  Sourced by install; what a kind defines again is its own.
# shellcheck shell=sh
target=/mnt/target

step() { echo "H2K-STEP $(($(cut -d. -f1 /proc/uptime) - begun)) s: $*"; }

devices() {
	mount -t tmpfs -o mode=1777 tmpfs /tmp
	mkdir -p /dev/pts /dev/shm /run/lock
	ln -s /proc/self/fd /dev/fd
	mount -t devpts devpts /dev/pts
	mount -t tmpfs tmpfs /mnt
	mkdir $target
	/lib/systemd/systemd-udevd --daemon
	udevadm trigger --action=add
	udevadm settle
	# The kernel may name two disks in either order.
	disk1=$(by_path 0:0:0:0) disk2=$(by_path 0:0:1:0)
	[ ! -d /sys/firmware/efi ] ||
		mount -t efivarfs efivarfs /sys/firmware/efi/efivars
}

# by_path H:C:T:L: the SCSI disk there, /dev/sdX
by_path() {
	for link in /dev/disk/by-path/*-scsi-"$1"; do
		[ ! -e "$link" ] || readlink -f "$link"
	done
}

# ---- Words for layouts, beside disk1 and disk2 ----

# table DISK LABEL: a partition table of that label, in sfdisk's language on
# standard input.
table() {
	{ echo "label: $2"; cat; } | sfdisk --quiet --wipe always "$1"
	udevadm settle
}

# place DEVICE DIRECTORY TYPE OPTIONS [SPEC]: mounts it in the guest that is
# going to be, and tells its fstab, as SPEC if that is not DEVICE.
place() {
	case $2 in
	none) [ "$3" != swap ] || swapon "$1" ;;
	*) mkdir -p "$target$2"; mount -o "$4" "$1" "$target$2" ;;
	esac
	pass=2
	[ "$2" != / ] || pass=1
	case $3 in ext4|vfat) ;; *) pass=0 ;; esac
	printf '%s\t%s\t%s\t%s\t0\t%s\n' "${5:-$1}" "$2" "$3" "$4" "$pass" >>/run/fstab
}

uuid() { blkid -o value -s UUID -p "$1"; }

# ---- Steps ----

copy() {
	cp -ax /. "$target/"
	cat /run/fstab >>"$target/etc/fstab"
}

identity() {
	name=$(cat /run/installer/kind)
	echo "$name" >"$target/etc/hostname"
	printf '127.0.0.1\tlocalhost\n127.0.1.1\t%s\n' "$name" >"$target/etc/hosts"
	configure
}

# What a kind has of its own to configure, before anything is generated.
configure() { :; }
# An initramfs is in the tree already; where its generator has to see the disks,
# the kind makes it again here.
generate() { :; }
# In the end.
finish() { :; }

enter() {
	for dir in dev proc sys run; do mount --rbind "/$dir" "$target/$dir"; done
}
leave() {
	for dir in dev proc sys run; do umount -l "$target/$dir"; done
	swapoff -a
	umount -R "$target"
	sync
}

inside() { chroot "$target" "$@"; }

boot_grub_bios() {
	for disk in ${grub_disks:-/dev/sda}; do
		inside grub-install --target=i386-pc "$disk"
	done
	inside grub-mkconfig -o /boot/grub/grub.cfg
}

# The variable that names the loader is written; the place for removable media
# stays empty, as grub-install leaves it.
boot_grub_efi() {
	inside grub-install --target=x86_64-efi --efi-directory=/boot/efi \
		--bootloader-id=debian --uefi-secure-boot
	inside grub-mkconfig -o /boot/grub/grub.cfg
}

boot_systemd() {
	echo "root=$(findmnt -no SOURCE "$target") ro console=tty0 console=ttyS0,115200" \
		>"$target/etc/kernel/cmdline"
	inside bootctl install --entry-token=os-id --make-entry-directory=yes
	echo 'timeout 0' >"$target/boot/efi/loader/loader.conf"
	for dir in "$target"/lib/modules/*; do
		version=${dir##*/}
		inside kernel-install add "$version" "/boot/vmlinuz-$version" \
			"/boot/initrd.img-$version"
	done
}
