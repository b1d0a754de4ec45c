#!/bin/sh
# image.sh ROOT KIND: makes a disk image of the installed system in ROOT, as
# ROOT/guest.vmdk. A customize hook of mmdebstrap: it runs as root of the
# namespace in which ROOT's owners are what they will be in the guest, on the
# host's own tools, and needs neither loop devices nor partitions.
set -eu
root=$1 kind=$2
here=$(dirname "$0")
. "$here/lib.sh"
. "$here/layout.sh"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

step() { echo "image.sh: $(($(date +%s) - begun)) s: $*" >&2; }
begun=$(date +%s)

# fakechroot's absolute links point into ROOT as it is called out here; they
# must be right before an initramfs is made of them, and in the end.
relink() {
	find "$root" -xdev -type l -lname "$root/*" | while IFS= read -r link; do
		target=$(readlink "$link")
		ln -sfn "${target#"$root"}" "$link"
	done
}

configure() {
	cp -R "$here/overlay/." "$root/"
	sed -i 's/^MODULES=.*/MODULES=list/' "$root/etc/initramfs-tools/initramfs.conf"
	echo debian12 >"$root/etc/hostname"
	printf '127.0.0.1\tlocalhost\n127.0.1.1\tdebian12\n' >"$root/etc/hosts"
	for file in "$root/etc/resolv.conf" "$root/etc/machine-id"; do
		rm -f "$file"
		: >"$file"
	done
	echo root:hyper2kvm | chroot "$root" chpasswd
	chroot "$root" systemctl --quiet enable h2k-report.service
	chroot "$root" systemctl --quiet set-default multi-user.target
	# What takes time in an emulated boot and is of no use in a test.
	chroot "$root" systemctl --quiet disable e2scrub_reap.service \
		e2scrub_all.timer apt-daily.timer apt-daily-upgrade.timer
}

# The fsck hook looks at what / is made of; here is a file system for it.
initramfs() {
	mke2fs -q -t ext4 "$root/dev/sda4" 8M
	chroot "$root" update-initramfs -c -k all >&2
	rm "$root/dev/sda4"
}

# grub-mkconfig asks grub-probe and grub-mkrelpath about the file systems that
# it sees mounted; here there is one directory. So these two answer for the
# disk that is going to be, and grub.cfg is the generator's own text.
install_grub() {
	for tool in usr/sbin/grub-probe usr/bin/grub-mkrelpath; do
		mv "$root/$tool" "$root/$tool.h2k"
	done
	sed "s/@BOOT_UUID@/$BOOT_UUID/; s/@ROOT_UUID@/$ROOT_UUID/" \
		"$here/grub-probe" >"$root/usr/sbin/grub-probe"
	# shellcheck disable=SC2016
	printf '#!/bin/sh\necho "${1#/boot}"\n' >"$root/usr/bin/grub-mkrelpath"
	chmod 755 "$root/usr/sbin/grub-probe" "$root/usr/bin/grub-mkrelpath"

	mkdir -p "$root/boot/grub/fonts" "$root/boot/grub/i386-pc"
	cp "$root/usr/share/grub/unicode.pf2" "$root/boot/grub/fonts/"
	cp "$root"/usr/lib/grub/i386-pc/*.mod "$root"/usr/lib/grub/i386-pc/*.lst \
		"$root/usr/lib/grub/i386-pc/boot.img" "$root/boot/grub/i386-pc/"
	chroot "$root" grub-editenv /boot/grub/grubenv create
	chroot "$root" grub-mkconfig -o /boot/grub/grub.cfg >&2
	# The core image as grub-install makes it for a /boot on the same disk.
	chroot "$root" grub-mkimage -O i386-pc -p '(,gpt2)/grub' \
		-o /boot/grub/i386-pc/core.img biosdisk part_gpt ext2

	for tool in usr/sbin/grub-probe usr/bin/grub-mkrelpath; do
		mv "$root/$tool.h2k" "$root/$tool"
	done
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

partition() {
	truncate -s "${DISK_MIB}M" "$1"
	sfdisk --quiet "$1" <<-TABLE
		label: gpt
		label-id: $DISK_GUID
		start=${BIOS_START}MiB, size=${BIOS_MIB}MiB, uuid=$BIOS_PARTUUID, type=21686148-6449-6E6F-744E-656564454649
		start=${BOOT_START}MiB, size=${BOOT_MIB}MiB, uuid=$BOOT_PARTUUID, type=linux
		start=${SWAP_START}MiB, size=${SWAP_MIB}MiB, uuid=$SWAP_PARTUUID, type=swap
		start=${ROOT_START}MiB, size=${ROOT_MIB}MiB, uuid=$ROOT_PARTUUID, type=linux
	TABLE
}

# filesystem DISK START MIB UUID DIRECTORY
filesystem() {
	mke2fs -q -F -t ext4 -U "$4" -d "$5" \
		-E "offset=$(($2 << 20)),hash_seed=$4,lazy_itable_init=0" "$1" "${3}M"
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

fill() {
	mv "$root/boot" "$work/boot"
	mkdir -m 755 "$root/boot"
	tree=$(bare)
	filesystem "$1" "$BOOT_START" "$BOOT_MIB" "$BOOT_UUID" "$work/boot"
	filesystem "$1" "$ROOT_START" "$ROOT_MIB" "$ROOT_UUID" "$tree"
	[ "$tree" = "$root" ] || umount "$tree"
	truncate -s "${SWAP_MIB}M" "$work/swap"
	mkswap --quiet -U "$SWAP_UUID" "$work/swap"
	dd if="$work/swap" of="$1" bs=1M seek="$SWAP_START" conv=notrunc,sparse status=none
}

# Removes from the finished file system: mmdebstrap's device nodes, which could
# not be while they were mounted, and files that were and are no more, whose
# blocks still hold data.
delete_some() {
	for file in "$root"/dev/* "$root"/var/tmp/deleted-*; do
		name=${file#"$root"}
		if [ -d "$file" ] && [ ! -L "$file" ]; then
			echo "rmdir $name"
		elif [ -e "$file" ] || [ -L "$file" ]; then
			echo "rm $name"
		fi
	done | debugfs -w -f - "$1?offset=$((ROOT_START << 20))" >/dev/null 2>&1
}

configure
relink
initramfs; step initramfs
install_grub; step "boot loader's files"
[ "$kind" != bench ] || for n in 1 2 3 4; do
	# Text that compresses about as logs do.
	seq -f "%.0f $n $kind: a line of a log that was rotated away" 420000 >"$root/var/tmp/deleted-$n"
done
relink
clean
partition "$work/disk.raw"
fill "$work/disk.raw"; step "file systems"
delete_some "$work/disk.raw"
sh "$here/grub-embed.sh" "$work/disk.raw" $((BIOS_START * 2048)) \
	"$work/boot/grub/i386-pc/boot.img" "$work/boot/grub/i386-pc/core.img"
qemu-img convert -O vmdk -o subformat=streamOptimized "$work/disk.raw" "$root/guest.vmdk"
step "vmdk"
