#!/bin/sh
# tree.sh ROOT KIND: what the guest's disks are installed from, as files in
# ROOT/h2k: tree.ext4, the installed packages as a file system; vmlinuz, their
# kernel; initrd.cpio, which finds the one with the other; and the signed boot
# loaders, where there are any. A customize hook of mmdebstrap: it runs as root of the namespace in which ROOT's owners are what
# they will be in the guest, on the host's own tools.
set -eu
root=$1 kind=$2
here=$(cd "$(dirname "$0")" && pwd)
kinds=$here/kinds
. "$here/lib.sh"
# shellcheck source=/dev/null
. "$kinds/$kind.sh"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# fakechroot's absolute links point into ROOT as it is called out here.
relink() {
	find "$root" -xdev -type l -lname "$root/*" | while IFS= read -r link; do
		target=$(readlink "$link")
		ln -sfn "${target#"$root"}" "$link"
	done
}

configure() {
	cp -R "$here/overlay/." "$root/"
	for file in "$root/etc/resolv.conf" "$root/etc/machine-id"; do
		rm -f "$file"
		: >"$file"
	done
	echo root:hyper2kvm | chroot "$root" chpasswd
	chroot "$root" systemctl --quiet enable h2k-report.service
	chroot "$root" systemctl --quiet set-default multi-user.target
	# What takes time in an emulated boot and is of no use in a test.
	for unit in e2scrub_reap.service e2scrub_all.timer apt-daily.timer \
		apt-daily-upgrade.timer xfs_scrub_all.timer mdcheck_start.timer \
		mdcheck_continue.timer mdmonitor-oneshot.timer fstrim.timer; do
		[ ! -e "$root/lib/systemd/system/$unit" ] ||
			chroot "$root" systemctl --quiet mask "$unit"
	done
}

# By the guest's own generator, told what VMware's machine has: nothing else
# gets in. A kind whose generator must see the disks has it run there.
initramfs() {
	for dir in "$root"/lib/modules/*; do
		version=${dir##*/}
		case $initramfs in
		dracut) chroot "$root" dracut --force "/boot/initrd.img-$version" "$version" ;;
		initramfs-tools) chroot "$root" update-initramfs -c -k "$version" ;;
		esac
	done >&2
}

configure_initramfs() {
	case $initramfs in
	dracut)
		cat >"$root/etc/dracut.conf.d/host.conf" <<-CONF
			# Only this machine: VMware's controller, the disks on it, and /.
			hostonly="yes"
			hostonly_cmdline="no"
			drivers+=" $initramfs_modules "
			add_dracutmodules+=" ${dracut_modules-} "
			omit_dracutmodules+=" qemu qemu-net "
		CONF
		;;
	*)
		sed -i 's/^MODULES=.*/MODULES=list/' "$root/etc/initramfs-tools/initramfs.conf"
		# shellcheck disable=SC2086
		printf '%s\n' $initramfs_modules >>"$root/etc/initramfs-tools/modules" ;;
	esac
}

# What mmdebstrap left for itself, and what an installed system has not.
clean() {
	rm -rf "$root"/var/lib/apt/lists/* "$root"/var/cache/apt/* \
		"$root"/tmp/* "$root"/run/* "$root"/var/log/apt \
		"$root"/var/log/*.log "$root"/var/cache/debconf/*-old \
		"$root/etc/apt/apt.conf.d/00mmdebstrap" "$root/usr/sbin/policy-rc.d"
	mkdir -p "$root/var/lib/apt/lists/partial" "$root/var/cache/apt/archives/partial"
	fake=$root/usr/sbin/start-stop-daemon
	[ ! -e "$fake.REAL" ] || mv "$fake.REAL" "$fake"
}

# modules VERSION NAME...: the files of those modules and of what they need,
# each after what it needs.
modules() {
	version=$1
	shift
	for name in "$@"; do
		modprobe -d "$root" -S "$version" --show-depends --all "$name"
	done | sed -n 's/^insmod \([^ ]*\).*/\1/p' | awk '!seen[$0]++'
}

initrd() {
	version=$(ls "$root/lib/modules" | sort -V | tail -n 1)
	cp "$root/boot/vmlinuz-$version" "$work/vmlinuz"
	mkdir -p "$work/initrd/bin" "$work/initrd/modules" "$work/initrd/dev" \
		"$work/initrd/proc" "$work/initrd/sys" "$work/initrd/root"
	cp "$(command -v busybox)" "$work/initrd/bin/busybox"
	cp "$here/installer/init" "$work/initrd/init"
	cp -R "$here/installer" "$work/initrd/installer"
	cp -R "$here/kinds" "$work/initrd/installer/kinds"
	echo "$kind" >"$work/initrd/installer/kind"
	modules "$version" nvme crc32c_generic ext4 | while IFS= read -r file; do
		name=$(basename "$file" .xz)
		case $file in
		*.xz) xz -dc "$file" >"$work/initrd/modules/$name" ;;
		*) cp "$file" "$work/initrd/modules/$name" ;;
		esac
		echo "$name"
	done >"$work/order"
	mv "$work/order" "$work/initrd/modules/order"
	chmod -R u=rwX,go=rX "$work/initrd"
	chmod 755 "$work/initrd/init" "$work/initrd/bin/busybox"
	(cd "$work/initrd" && find . | cpio --quiet -o -H newc) >"$work/initrd.cpio"
}

# The tree as it is below its mounts (/proc, /sys, /dev). Without a namespace
# (fakechroot) there are none, and the directory is it.
bare() {
	mkdir "$work/bare"
	if mount --bind "$root" "$work/bare" 2>/dev/null; then
		echo "$work/bare"
	else
		echo "$root"
	fi
}

configure
configure_initramfs
relink
initramfs
relink
clean
initrd
tree=$(bare)
size=$(du -sm "$tree" | cut -f1)
mke2fs -q -F -t ext4 -O ^has_journal -d "$tree" "$work/tree.ext4" $((size * 5 / 4 + 64))M
[ "$tree" = "$root" ] || umount "$tree"
debugfs -w -R "rmdir lost+found" "$work/tree.ext4" 2>/dev/null
mkdir "$root/h2k"
mv "$work/tree.ext4" "$work/vmlinuz" "$work/initrd.cpio" "$root/h2k/"
for file in shim/shimx64.efi.signed grub/x86_64-efi-signed/grubx64.efi.signed; do
	[ ! -e "$root/usr/lib/$file" ] || cp "$root/usr/lib/$file" "$root/h2k/"
done
