#!/bin/bash
# SPDX-License-Identifier: LGPL-3.0-or-later
# The edits are written once and run on every filesystem: one guest's files on
# each of them, the whole pipeline, and the kernel's own mounts of what came
# out, compared file by file: type, mode, owner, links, size, content and
# extended attributes.
#
# Mounting needs root.  btrfs is written through libguestfs, whose appliance
# H2K_NO_APPLIANCE leaves out (it is slow under a sanitizer).
# shellcheck source=tests/tap.sh
. "$H2K_SOURCE/tests/tap.sh"
own_mounts
PATH=$PATH:/usr/sbin:/sbin
need sfdisk mke2fs mkfs.xfs mkfs.btrfs xfs_repair btrfs e2fsck tune2fs \
    setfattr getfattr setcap setfacl tar
if [ "$(id -u)" -ne 0 ]; then
    echo "1..0 # SKIP mounting needs root"
    exit 0
fi
cd "$tap_dir" || exit 1
mkdir mnt tree
trap 'mountpoint -q "$tap_dir/mnt" && umount "$tap_dir/mnt"; rm -rf "$tap_dir"' EXIT
ROOT_AT=$((16 << 20)) BOOT_AT=$((2 << 20)) BOOT_SIZE=$((12 << 20))
ROOT_UUID=7c0e4c3a-0b52-4f3e-9d58-1f0d7a3b5c04

mounted() # IMAGE OFFSET OPTIONS
{
    mount -o "loop,offset=$2,$3" "$1" mnt
}

# What FIX replaces, removes and copies, with all that such files can carry.
decorate()
{
    echo GRUB_DISABLE_LINUX_UUID=true >>mnt/etc/default/grub
    chmod 0640 mnt/etc/fstab && chown 0:6 mnt/etc/fstab
    setfattr -n user.note -v 'of fstab' mnt/etc/fstab
    setfattr -n security.selinux -v system_u:object_r:etc_t:s0 mnt/etc/fstab \
        mnt/etc/default/grub
    setfattr -n trusted.big -v "$(head -c 900 /dev/zero | tr '\0' x)" \
        mnt/etc/default/grub
    setfacl -m u:1000:r mnt/etc/default/grub
    cp /bin/true mnt/usr/bin/ping && setcap cap_net_raw+ep mnt/usr/bin/ping
    chmod 4755 mnt/usr/bin/dpkg
    ln mnt/etc/hostname mnt/etc/hostname.link
    ln -s "$(head -c 900 /dev/zero | tr '\0' l)" mnt/etc/long-link
    mkdir -m 1777 mnt/var/tmp && mkdir mnt/usr/share && mkfifo mnt/var/fifo
    local i
    for i in $(seq 700); do echo "$i" >"mnt/usr/share/a-file-with-a-name-$i"; done
    sed -i 's/ ext4 errors=remount-ro/ auto defaults/' mnt/etc/fstab
}

# The guest's disk with its root on another filesystem, whole in one file.
disk() # TYPE MKFS...
{
    local type=$1
    shift
    truncate -s 0 root
    truncate -s 330M root
    "$@" root >log 2>&1 || return 1
    mounted root 0 rw && tar -C mnt --xattrs --xattrs-include='*' -xpf tree.tar &&
        umount mnt || return 1
    cp --sparse=always tiny.raw "$type.raw"
    truncate -s 350M "$type.raw"
    sfdisk -q --delete "$type.raw" 4
    echo "start=16MiB, size=330MiB, type=linux" |
        sfdisk -q --append "$type.raw" >>log 2>&1 || return 1
    dd if=root of="$type.raw" bs=1M seek=16 conv=notrunc,sparse status=none
}

# All of a directory as text; backups' names have a time in them.
describe() # ROOT-OPTIONS IMAGE
{
    local part
    for part in root boot; do
        if [ $part = root ]; then
            mounted "$2" $ROOT_AT "ro,$1"
        else
            mounted "$2" $BOOT_AT "ro,sizelimit=$BOOT_SIZE"
        fi || return 1
        (
            cd mnt || exit 1
            echo "== $part"
            find . -mindepth 1 -name lost+found -prune -o -type d \
                -printf '%p %y %m %U %G\n' -o -printf '%p %y %m %U %G %n %s %l\n' |
                LC_ALL=C sort
            find . -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum
            find . -mindepth 1 -print0 | LC_ALL=C sort -z |
                xargs -0 getfattr -h -d -m - 2>/dev/null
        ) | grep -v '^trusted.SGI_ACL' | sed -E 's/(backup\.hyper2kvm\.)[0-9]{8}-[0-9]{6}/\1DATE/'
        umount mnt
    done
}

check() # TYPE
{
    dd if="$1-out/$1.raw" of=root bs=1M skip=16 count=330 conv=sparse \
        status=none
    case $1 in
    ext4) e2fsck -fn root ;;
    xfs) xfs_repair -n root ;;
    btrfs) btrfs check --check-data-csum root ;;
    esac >log 2>&1
}

"$H2K_SOURCE/tests/tiny-guest.sh" tiny.raw || exit 1
mounted tiny.raw $ROOT_AT rw && decorate &&
    tar -C mnt --xattrs --xattrs-include='*' --exclude lost+found -cpf tree.tar . &&
    umount mnt
ok $? "the guest's files"

# one_kind TYPE MOUNT-OPTIONS MKFS...
one_kind()
{
    local type=$1 options=$2
    shift 2
    disk "$type" "$@"
    ok $? "$type: the guest is on it"
    "$H2K_BUILD/hyper2kvm" --raw "$type.raw" -O raw \
        --remove-vmware-tools --output-dir "$type-out" >"$type.log" 2>&1
    ok $? "$type: the pipeline"
    check "$type"
    ok $? "$type: its checker finds nothing" || true
    describe "$options" "$type-out/$type.raw" >"$type.tree"
    ok $? "$type: the kernel mounts it"
    cat "$type.log" >>log
    if [ "$type" = ext4 ]; then
        is "$(grep -c '^./etc/.*backup.* f ' ext4.tree)" 3 \
            "$type: files were replaced"
        return
    fi
    cmp -s ext4.tree "$type.tree"
    ok $? "$type: the same files as on ext4"
    diff ext4.tree "$type.tree" | head -n 20 | sed 's/^/# /'
    [ "$type" = btrfs ] && how=libguestfs || how=write
    echo "# matrix: $type | FIX, file by file as on ext4 | $how"
}

one_kind ext4 noload mke2fs -q -F -t ext4 -U $ROOT_UUID
one_kind xfs norecovery mkfs.xfs -q -f -m uuid=$ROOT_UUID
[ -n "${H2K_NO_APPLIANCE:-}" ] ||
    one_kind btrfs defaults mkfs.btrfs -q -f -U $ROOT_UUID
tap_done
