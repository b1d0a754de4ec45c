#!/bin/sh
# SPDX-License-Identifier: LGPL-3.0-or-later
# tiny-guest.sh OUT.raw [HOOK]: a disk with a small Debian-style guest, as it
# was on VMware, made in well under a second and without root.  It cannot
# boot (its kernel is a header and its modules are texts); the pipeline has
# everything to do on it that it does on a real one.
#
# HOOK is shell text; it runs in the tree of the guest's files, and may
# change them first.  In the environment:
#   TINY_LABEL  gpt (default): 1 BIOS boot, 2 /boot, 3 swap, 4 /
#               dos: 1 /boot, 2 extended, 5 swap, 6 /
#               lvm: as gpt, with / and swap in tiny-vg on partition 4
#               luks: as gpt, with / in LUKS1 (the key is `tiny-key`)
#               md: as gpt, with / in a RAID 1 whose second member is on
#               OUT.raw.2, a disk of its own
#   TINY_ROOT   ext4 (default); with gpt also btrfs and f2fs, which need room:
#               / has 199 MiB then; and jfs, nilfs2, reiserfs and xfs (320 MiB),
#               which stay empty: the tree is in OUT.raw.root.tar
#   TINY_BOOT   the same for /boot, of 130 MiB then, and OUT.raw.boot.tar
#   TINY_BOOT_OPTIONS, TINY_ROOT_OPTIONS  more options for mke2fs
set -eu
umask 022
PATH=$PATH:/usr/sbin:/sbin
out=$1 hook=${2:-}
label=${TINY_LABEL:-gpt} root_type=${TINY_ROOT:-ext4} boot_type=${TINY_BOOT:-ext4}
work=$(mktemp -d)
tests=$(cd "$(dirname "$0")" && pwd)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
# shellcheck source=guest-parts.sh
. "$tests/guest-parts.sh"

KERNEL=6.1.0-99-amd64
GUID=7c0e4c3a-0b52-4f3e-9d58-1f0d7a3b5c # and two digits
BOOT_UUID=${GUID}02 SWAP_UUID=${GUID}03 ROOT_UUID=${GUID}04

case $label in
gpt) boot=2 swap=3 root=4 ;;
dos) boot=1 swap=5 root=6 ;;
lvm | luks | md) boot=2 swap=3 root=4 ;;
esac
root_name=/dev/sda$root swap_name=/dev/sda$swap root_flags=defaults
boot_size=12 root_size=199
[ "$root_type" != xfs ] || root_size=320
[ "$root_type" != ext4 ] || root_flags=errors=remount-ro root_size=23
[ "$boot_type" = ext4 ] || boot_size=130
swap_at=$((2 + boot_size))
size=$((swap_at + 2 + root_size + 1))M
[ "$label" != lvm ] || root_name=/dev/mapper/tiny--vg-root swap_name=/dev/tiny-vg/swap
[ "$label" != luks ] || root_name=/dev/mapper/sda4_crypt
[ "$label" != md ] || root_name=/dev/md0

# ---- The tree ----

# As initramfs-tools makes it for a guest on VMware: its disk's driver alone.
initramfs()
{
    mkdir -p "$work/initrd/usr/lib" "$work/initrd/scripts" \
        "$work/initrd/conf"
    ln -s usr/lib "$work/initrd/lib"
    printf '#!/bin/sh\n' >"$work/initrd/init"
    printf 'MODULES=list\n' >"$work/initrd/conf/initramfs.conf"
    initramfs_modules "$work/initrd/usr/lib/modules/$KERNEL"
    pack "$work/initrd" | gzip -n >boot/initrd.img-$KERNEL
}

boot_loader()
{
    mkdir -p boot/grub etc/default
    cat >etc/default/grub <<-END
	GRUB_DEFAULT=0
	GRUB_TIMEOUT=5
	GRUB_CMDLINE_LINUX_DEFAULT="quiet"
	GRUB_CMDLINE_LINUX=""
	END
    cat >boot/grub/grub.cfg <<-END
	set default="0"
	menuentry 'Debian GNU/Linux' --class debian {
	        search --no-floppy --fs-uuid --set=root $BOOT_UUID
	        linux /vmlinuz-$KERNEL root=$root_name ro quiet
	        initrd /initrd.img-$KERNEL
	}
	END
}

system()
{
    mkdir -p bin dev etc/initramfs-tools etc/network home proc root run sbin \
        sys tmp usr/bin usr/sbin usr/lib var/lib/dpkg \
        etc/systemd/system/multi-user.target.wants
    ln -s usr/lib lib
    mkdir -p usr/lib/systemd/system usr/lib/udev/rules.d
    touch usr/lib/systemd/libsystemd-shared-252.so
    echo '# systemd 252' >usr/lib/udev/rules.d/80-net-setup-link.rules
    elf usr/lib/systemd/systemd
    ln -s /lib/systemd/systemd sbin/init
    echo 'dpkg' >usr/bin/dpkg
    cat >usr/lib/os-release <<-END
	PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"
	NAME="Debian GNU/Linux"
	VERSION_ID="12"
	ID=debian
	END
    ln -s ../usr/lib/os-release etc/os-release
    echo tiny >etc/hostname
    printf 'root:x:0:0:root:/root:/bin/bash\n' >etc/passwd
    cat >etc/fstab <<-END
	# The names are those of the disk on its VMware controller.
	$root_name / $root_type $root_flags 0 1
	/dev/sda$boot /boot $boot_type defaults 0 2
	$swap_name none swap sw 0 0
	END
    cat >etc/network/interfaces <<-END
	auto lo
	iface lo inet loopback
	allow-hotplug ens192
	iface ens192 inet dhcp
	END
    printf '# modules for the initramfs\nvmw_pvscsi\n' \
        >etc/initramfs-tools/modules
    printf 'MODULES=list\n' >etc/initramfs-tools/initramfs.conf
    printf 'Package: open-vm-tools\nStatus: install ok installed\n\n' \
        >var/lib/dpkg/status
    printf '[Unit]\nDescription=VMware tools\n[Service]\nExecStart=%s\n%s\n' \
        /usr/bin/vmtoolsd '[Install]\nWantedBy=multi-user.target' \
        >usr/lib/systemd/system/open-vm-tools.service
    printf 'vmtoolsd\n' >usr/bin/vmtoolsd
    ln -s /usr/lib/systemd/system/open-vm-tools.service \
        etc/systemd/system/multi-user.target.wants/open-vm-tools.service
}

# ---- The disk ----

partition()
{
    case $label in
    gpt) cat <<-END ;;
	label: gpt
	label-id: ${GUID}00
	start=1MiB, size=1MiB, uuid=${GUID}11, type=21686148-6449-6E6F-744E-656564454649
	start=2MiB, size=${boot_size}MiB, uuid=${GUID}12, type=linux
	start=${swap_at}MiB, size=2MiB, uuid=${GUID}13, type=swap
	start=$((swap_at + 2))MiB, size=${root_size}MiB, uuid=${GUID}14, type=linux
	END
    lvm) cat <<-END ;;
	label: gpt
	label-id: ${GUID}00
	start=1MiB, size=1MiB, uuid=${GUID}11, type=21686148-6449-6E6F-744E-656564454649
	start=2MiB, size=12MiB, uuid=${GUID}12, type=linux
	start=16MiB, size=36MiB, uuid=${GUID}14, type=lvm
	END
    luks | md) cat <<-END ;;
	label: gpt
	label-id: ${GUID}00
	start=1MiB, size=1MiB, uuid=${GUID}11, type=21686148-6449-6E6F-744E-656564454649
	start=2MiB, size=12MiB, uuid=${GUID}12, type=linux
	start=14MiB, size=2MiB, uuid=${GUID}13, type=swap
	start=16MiB, size=25MiB, uuid=${GUID}14, type=linux
	END
    dos) cat <<-END ;;
	label: dos
	label-id: 0x7c0e4c3a
	start=2MiB, size=12MiB, type=83, bootable
	start=14MiB, size=26MiB, type=5
	start=15MiB, size=1MiB, type=82
	start=17MiB, size=23MiB, type=83
	END
    esac
}

# filesystem MiB-OFFSET SIZE UUID DIRECTORY [OPTION...]
filesystem()
{
    at=$1 size=$2 uuid=$3 directory=$4
    shift 4
    mke2fs -q -F -t ext4 -b 1024 -U "$uuid" -d "$directory" "$@" \
        -E "offset=$((at << 20)),lazy_itable_init=0,root_owner=0:0" \
        "$out" "${size}M"
}

# other_filesystem MiB-OFFSET SIZE UUID DIRECTORY TYPE
other_filesystem()
{
    image=$work/image
    rm -f "$image"
    truncate -s "$2M" "$image"
    case $5 in
    btrfs) mkfs.btrfs -q -U "$3" --rootdir "$4" "$image" ;;
    f2fs) mkfs.f2fs -q -U "$3" "$image" && sload.f2fs -f "$4" "$image" ;;
    jfs) mkfs.jfs -q "$image" && jfs_tune -U "$3" "$image" ;;
    nilfs2) mkfs.nilfs2 -q "$image" ;; # its UUID is its own
    reiserfs) mkreiserfs -q -f -s 513 -u "$3" "$image" ;;
    xfs) mkfs.xfs -q -m uuid="$3" "$image" ;;
    esac >/dev/null 2>&1
    dd if="$image" of="$out" bs=1M seek="$1" conv=notrunc,sparse status=none
    case $5 in
    jfs | nilfs2 | reiserfs | xfs)
        tar -C "$4" --owner=0 --group=0 --sort=name \
            -cf "$out.${4##*/}.tar" . ;;
    esac
}

# The disk from MiB 16 on as LUKS1, by QEMU.
encrypt()
{
    dd if="$out" of="$work/plain" bs=1M skip=16 count=23 status=none
    printf tiny-key >"$work/key"
    for _ in $(seq 20); do # it may have been too fast to measure itself
        qemu-img convert -f raw -O luks --object secret,id=s,file="$work/key" \
            -o key-secret=s,iter-time=10,cipher-alg=aes-256,cipher-mode=xts,ivgen-alg=plain64 \
            "$work/plain" "$work/luks" 2>"$work/says" && break
    done
    dd if="$work/luks" of="$out" bs=1M seek=16 conv=notrunc status=none
}

# Both members of a RAID 1 (md/tiny.tar.xz), content and all.
mirror()
{
    tar -C "$work" -xJf "$tests/md/tiny.tar.xz"
    rm -f "$out.2"
    truncate -s 27M "$out.2"
    echo 'start=1MiB, size=25MiB, type=raid' |
        sfdisk -q --label gpt "$out.2"
    dd if="$out" of="$out.2" bs=1M skip=17 seek=2 count=24 conv=notrunc \
        status=none
    dd if="$work/tiny-e" of="$out" bs=1M seek=16 conv=notrunc status=none
    dd if="$work/tiny-f" of="$out.2" bs=1M seek=1 conv=notrunc status=none
}

mkdir "$work/root" && cd "$work/root"
mkdir boot
system
bz_image boot/vmlinuz-$KERNEL $KERNEL \
    '(debian-kernel@lists.debian.org) #1 SMP'
kernel_modules usr/lib/modules/$KERNEL
initramfs
boot_loader
[ "$label" != luks ] ||
    echo 'sda4_crypt /dev/sda4 none luks,discard' >etc/crypttab
[ "$label" != md ] || {
    mkdir etc/mdadm
    echo 'ARRAY /dev/md/0 metadata=1.2 UUID=7c0e4c3a:0b524f3e:9d581f0d:7a3b5c21 name=tiny:0' >etc/mdadm/mdadm.conf
}
eval "$hook"
cd "$OLDPWD"
mv "$work/root/boot" "$work/boot"
mkdir "$work/root/boot"

rm -f "$out"
case $label in
lvm) size=53M ;;
luks | md) size=42M ;;
esac
truncate -s $size "$out"
partition | sfdisk -q "$out"
case $label in
gpt) root_at=$((swap_at + 2)) ;;
luks) root_at=16 ;;
md) root_at=17 ;; # 1 MiB behind the member's start
dos) swap_at=15 root_at=17 ;;
lvm) swap_at=41 root_at=17 ;; # in the extents of lvm/tiny-pv.xz
esac
[ "$label" != lvm ] ||
    xz -dc "$tests/lvm/tiny-pv.xz" |
    dd of="$out" bs=65536 seek=256 conv=notrunc iflag=fullblock status=none
# shellcheck disable=SC2086 # options are words
{
    if [ "$boot_type" = ext4 ]; then
        filesystem 2 12 $BOOT_UUID "$work/boot" ${TINY_BOOT_OPTIONS:-}
    else
        other_filesystem 2 $boot_size $BOOT_UUID "$work/boot" "$boot_type"
    fi
    if [ "$root_type" = ext4 ]; then
        filesystem "$root_at" 23 $ROOT_UUID "$work/root" ${TINY_ROOT_OPTIONS:-}
    else
        other_filesystem "$root_at" $root_size $ROOT_UUID "$work/root" \
            "$root_type"
    fi
}
truncate -s 1M "$work/swap"
mkswap -q -U $SWAP_UUID "$work/swap"
dd if="$work/swap" of="$out" bs=4096 count=1 seek=$((swap_at * 256)) \
    conv=notrunc status=none
case $label in
luks) encrypt ;;
md) mirror ;;
esac
