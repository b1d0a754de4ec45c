#!/bin/sh
# SPDX-License-Identifier: LGPL-3.0-or-later
# The btrfs driver against the kernel and btrfs-progs: what the kernel wrote is
# listed as the kernel itself lists it; and when all that we say is free was
# overwritten, btrfs check and the kernel still find everything.
#
# H2K_BTRFS_ROUNDS=N damages N copies of an image.
# shellcheck source=tests/tap.sh
. "$H2K_SOURCE/tests/tap.sh"
own_mounts
need mkfs.btrfs btrfs btrfstune setfattr python3 cmp
fs_op=$H2K_BUILD/tests/oracle/fs-op
guest_tool=$H2K_BUILD/tests/oracle/guest-tool
tree_list=$H2K_SOURCE/tests/oracle/tree-list.py
damage=$H2K_SOURCE/tests/oracle/btrfs-damage.py
rounds=${H2K_BTRFS_ROUNDS:-40}
cd "$tap_dir" || exit 1
mkdir mnt
devices=
release()
{
    mountpoint -q mnt && umount mnt
    for device in $devices; do losetup -d "$device"; done
    devices=
}
trap 'release; cd /; rm -rf "$tap_dir"' EXIT

# same GOT EXPECTED NAME: two files
same()
{
    cmp -s "$1" "$2"
    same_status=$?
    ok $same_status "$3"
    [ $same_status -eq 0 ] || diff "$1" "$2" | head -20 | cut -c 1-200 | sed 's/^/# /'
}

# The places of subvolumes that a snapshot has not are made up at each look.
without_inner() { sed 's,\(/inner\|/deeper\) \(.*\) mtime=[0-9]*$,\1 \2,'; }
# What mkfs copied has other links, and the top directory is its own.
without_links() { sed -e 1d -e 's/ links=[0-9]*//'; }

# ours FILE IMAGE...: the tree that we list
ours()
{
    ours_to=$1
    shift
    echo tree | "$fs_op" -R "$@" 2>ours.err | without_inner >"$ours_to"
    sed 's/^/# /' ours.err
}

make_images()
{
    images=$1 size=$2
    shift 2
    # shellcheck disable=SC2086
    rm -f $images
    # shellcheck disable=SC2086
    truncate -s "$size" $images
    # shellcheck disable=SC2086
    mkfs.btrfs -q -f "$@" $images >mkfs.log 2>&1
}

# ---- Without root ----

make_source()
{
    mkdir -p src/etc/dir src/many
    echo "a small file" >src/etc/small
    for i in $(seq 250); do echo "$i" >"src/many/a name of number $i"; done
    head -c 1500000 /dev/urandom >src/etc/large
    ln -s /etc/passwd src/link
    truncate -s 3M src/sparse
    echo end >>src/sparse
    setfattr -n user.small -v value src/etc/small
    chmod 4750 src/etc/small
    python3 "$tree_list" src | without_links >src.tree
}

test_rootdir()
{
    if ! make_images image 300M --rootdir src "$@"; then
        echo "# mkfs.btrfs $*: $(head -1 mkfs.log)"
        return
    fi
    echo tree | "$fs_op" -R image 2>ours.err | without_links >ours.tree
    if grep -q 'needs OpenSSL 3.2' ours.err; then
        ok 0 "$*: refused by name"
        return
    fi
    same ours.tree src.tree "mkfs.btrfs $*: what mkfs copied"
}

test_without_root()
{
    make_source
    test_rootdir -n 4096
    test_rootdir -n 65536
    test_rootdir -M
    test_rootdir -O ^no-holes -R ^free-space-tree
    test_rootdir --csum xxhash
    test_rootdir --csum blake2
    test_rootdir --csum sha256 -d dup

    # The first of two copies of everything is damaged, and the superblock.
    python3 "$damage" first-copies image
    ours damaged.tree image
    without_links <damaged.tree >ours.tree
    same ours.tree src.tree "damaged blocks are read from their other copy"
    echo "# matrix: btrfs | DUP | read"
    python3 "$damage" both-copies image
    ! echo tree | "$fs_op" -R image >log 2>&1
    ok $? "and are an error where both are damaged"

    make_images image 120M -n 4096 --rootdir src
    crashes=0
    for round in $(seq "$rounds"); do
        cp --sparse=always image broken
        python3 "$damage" random broken "$round"
        printf 'tree\nspace\nsubvolumes\nfree\n' | timeout 60 "$fs_op" -R broken >log 2>&1
        [ $? -lt 2 ] || crashes=$((crashes + 1))
    done
    is $crashes 0 "$rounds damaged images, and no crash"

    ! echo 'info' | "$fs_op" image >log 2>&1 && grep -q libguestfs log
    ok $? "writing is refused, and libguestfs is named"
}

# ---- With the kernel ----

# attach OPTIONS IMAGE...
attach()
{
    attach_options=$1
    shift
    for image in "$@"; do
        device=$(losetup -f --show "$image") || return 1
        devices="$devices $device"
        attach_options=$attach_options,device=$device
    done
    mount -t btrfs -o "$attach_options" "$device" mnt
}

theirs()
{
    theirs_to=$1
    shift
    attach "$@" && python3 "$tree_list" mnt | without_inner >"$theirs_to"
    release
}

populate_files()
{
    mkdir -p etc/dir many links
    echo small >etc/small
    setfattr -n user.name -v value etc/small
    setfattr -n user.long -v "$(printf '%02000d' 1)" etc/small
    setfattr -n security.selinux -v system_u:object_r:etc_t:s0 etc/small
    setfattr -n trusted.x -v 1 etc/dir
    for i in $(seq 300); do echo "$i" >"many/file $i"; done
    rm many/*7
    : >"$(printf '%0255d' 7)"
    : >'Grüße, κόσμε'
    ln -s short link
    ln -s "/$(printf '%03000d' 1)" long-link
    mkfifo pipe
    mknod device c 4 64
    : >links/0
    for i in $(seq 60); do ln links/0 "links/$(printf '%0200d' "$i")"; done
    chmod 6711 etc/small
    chown 70000:4000000000 etc/dir
    touch -d '1960-05-05 00:00:00.75 UTC' pipe
    touch -d '2200-05-05 UTC' link etc/dir
}

populate_extents()
{
    head -c 5000000 /dev/urandom >large
    cp --reflink=always large clone
    dd if=/dev/zero of=clone bs=4096 seek=100 count=3 conv=notrunc status=none
    dd if=/dev/urandom of=clone bs=1000 seek=2000 count=7 conv=notrunc status=none
    truncate -s 3000001 clone
    truncate -s 2M sparse
    echo x >>sparse
    truncate -s 8M sparse
    fallocate -l 1M allocated
    dd if=/dev/urandom of=allocated bs=4096 seek=9 count=5 conv=notrunc status=none
    fallocate -n -l 3M etc/small
    fallocate -p -o 8192 -l 65536 large
    : >nocow
    chattr +C nocow && head -c 300000 /dev/urandom >nocow
    for c in zlib lzo zstd; do
        mkdir $c
        btrfs property set $c compression $c
        seq 300000 >$c/numbers
        seq 300 >$c/inline
        seq 2000 >$c/two
        { head -c 100000 /dev/zero; head -c 200000 /dev/urandom; seq 50000; } >$c/mixed
        cp --reflink=always $c/numbers $c/clone
        dd if=/dev/urandom of=$c/clone bs=5000 seek=40 count=1 conv=notrunc status=none
    done
}

populate()
{
    (
        cd mnt || exit 1
        btrfs -q subvolume create @
        btrfs -q subvolume create @home
        mkdir @home/me
        echo mine >@home/me/file
        cd @ || exit 1
        populate_files
        populate_extents
        sync -f .
        btrfs -q subvolume create inner
        echo inside >inner/file
        btrfs -q subvolume create inner/deeper
        btrfs -q subvolume snapshot . ../snap
        btrfs -q subvolume snapshot -r inner ../read-only
        btrfs -q subvolume create gone
        btrfs -q subvolume delete gone
        echo later >etc/later
    ) >populate.log 2>&1 || sed 's/^/# /' populate.log
}

# Everything, then again with nothing left in what is free.
# test_images NAME IMAGE...
test_images()
{
    name=$1
    shift
    theirs theirs.tree ro,subvolid=5 "$@"
    ours ours.tree "$@"
    same ours.tree theirs.tree "$name: the tree that the kernel shows"
    echo spoil | "$fs_op" -r "$@" 2>spoil.err
    ok $? "$name: what is free"
    sed 's/^/# /' spoil.err
    attach ro "$@" && umount mnt
    btrfs check --check-data-csum "$device" >check.log 2>&1
    status=$?
    release
    ok $status "$name: btrfs check is content without it"
    [ $status -eq 0 ] || tail -20 check.log | sed 's/^/# /'
    theirs again.tree ro,subvolid=5 "$@"
    same again.tree theirs.tree "$name: and the kernel finds the same"
}

# test_kind FEATURE MKFS-OPTION...
test_kind()
{
    feature=$1
    shift
    if ! make_images image 300M "$@"; then
        echo "# mkfs.btrfs $*: $(head -1 mkfs.log)"
        return
    fi
    if ! attach "noatime" image; then
        release
        echo "# the kernel does not mount $*"
        return
    fi
    populate
    release
    test_images "$feature" image
    echo "# matrix: btrfs | $feature | read"
}

# test_devices FEATURE COUNT SPARE MKFS-OPTION...: SPARE of them may be missing
test_devices()
{
    feature=$1 count=$2 spare=$3
    shift 3
    all=$(seq -s ' ' -f 'device-%g' "$count")
    make_images "$all" 300M "$@" || sed 's/^/# /' mkfs.log
    # shellcheck disable=SC2086
    attach noatime $all
    populate
    release
    # shellcheck disable=SC2086
    test_images "$feature" $all
    ours ours.tree device-1
    if [ "$spare" -gt 0 ]; then
        rest=$(seq -s ' ' -f 'device-%g' "$count" -1 $((spare + 1)))
        # shellcheck disable=SC2086
        ours ours.tree $rest
        same ours.tree theirs.tree "$feature: $spare devices may be missing"
    else
        grep -q 'device 2 (UUID [-0-9a-f]*).*: missing' ours.err
        ok $? "$feature: the missing device is named"
    fi
    echo "# matrix: btrfs | $feature over $count devices | read"
}

test_subvolumes()
{
    make_images image 300M
    attach noatime image
    populate
    btrfs -q subvolume set-default mnt/@home
    release
    theirs theirs.tree ro image
    ours ours.tree image
    same ours.tree theirs.tree "the default subvolume"
    for options in subvol=@ subvol=/@/inner/deeper/ subvol=read-only subvolid=256 subvolid=5 subvol=/; do
        theirs theirs.tree "ro,$options" image
        echo "mounted noatime,$options,compress=zstd" | "$fs_op" -R image 2>&1 |
            without_inner >ours.tree
        same ours.tree theirs.tree "$options"
    done
    for options in subvol=@/etc subvol=nothing subvolid=9999 subvol=@,subvolid=257 subvol=@/link subvolid=x; do
        echo "! mounted $options" | "$fs_op" -R image >log 2>&1
        ok $? "$options is none"
    done
    is "$(echo subvolumes | "$fs_op" -R image | sort | tr '\n' ' ')" \
        "/ /@ /@/inner /@/inner/deeper /@home /read-only ro /snap " "all subvolumes"
    echo "# matrix: btrfs | subvolumes and snapshots | read"
}

# Cut off with an fsync in the log tree: what we show is the last commit.
test_cut_off()
{
    make_images image 300M
    attach noatime,commit=300 image
    populate
    # Somebody else's sync(2), or a commit of the kernel's own, ends the log.
    for round in 1 2 3 4 5 6 7 8 9 10; do
        sync -f mnt
        seq "$round" 100000 >mnt/@/logged
        python3 -c 'import os; os.fsync(os.open("mnt/@/logged", 0))'
        cp --sparse=always image cut
        btrfs inspect-internal dump-super cut | grep -q '^log_root[[:space:]]*0$' ||
            break
    done
    release
    is "$(echo info | "$fs_op" -R cut | grep -o 'clean=.')" clean=0 "a log tree is not clean"
    theirs theirs.tree ro,rescue=nologreplay,subvolid=5 cut
    ours ours.tree cut
    same ours.tree theirs.tree "the last commit, without the log"
    echo '! free' | "$fs_op" -R cut >log 2>&1
    ok $? "what is free is not told then"
    echo "# matrix: btrfs | cut off while running | read=the last commit"
}

# What we say is free is not more than the kernel says, and not far less.
test_space()
{
    make_images image 300M "$@"
    attach noatime image
    populate
    sync -f mnt
    kernel=$(stat -f -c '%a %S' mnt | { read -r a s; echo $((a * s)); })
    release
    we=$(echo space | "$fs_op" -R image)
    [ "$we" -le $((kernel + 1048576)) ] && [ "$we" -ge $((kernel * 8 / 10)) ]
    ok $? "free space: $we, to the kernel $kernel"
}

# make_system DIRECTORY OPTIONS: what we know a system by, and its fstab
make_system()
{
    mkdir -p "$1/etc" "$1/home" "$1/boot"
    echo 'ID=debian' >"$1/etc/os-release"
    echo "host-of-$1" >"$1/etc/hostname"
    uuid=$(btrfs filesystem show --raw . | sed -n 's/.*uuid: //p')
    printf 'UUID=%s / btrfs %s 0 0\nUUID=%s /home btrfs subvol=@home 0 0\n' \
        "$uuid" "$2" "$uuid" >"$1/etc/fstab"
}

hostname_of() # [--root ROOT] DEVICE...
{
    root=
    [ "$1" != --root ] || { root="--root $2" && shift 2; }
    # shellcheck disable=SC2086 # options are words
    "$guest_tool" $root inspect "$@" 2>&1 | sed -n 's/^hostname //p'
}

# A guest's snapshots are no further systems.
test_guest()
{
    make_images "device-1 device-2" 300M -d raid1 -m raid1
    attach noatime device-1 device-2
    (
        cd mnt || exit 1
        btrfs -q subvolume create @home
        btrfs -q subvolume create @
        make_system @ subvol=@,compress=zstd
        btrfs -q subvolume snapshot @ before
        btrfs -q subvolume snapshot -r @ read-only
    )
    release
    is "$(hostname_of device-1 device-2)" host-of-@ "the system that snapshots are of"
    "$guest_tool" inspect device-2 device-1 >log 2>&1
    is "$(grep -c '^mount ' log)" 2 "its mounts are two subvolumes"
    ! grep '^warning.*fstab\|^warning.*missing' log
    ok $? "and both are there"
    is "$(hostname_of device-2)" host-of-@ "with one of its two disks"
    attach noatime device-1 device-2
    btrfs -q subvolume create mnt/other
    (cd mnt && make_system other defaults)
    btrfs -q subvolume set-default mnt/other
    release
    is "$(hostname_of device-1 device-2)" host-of-other "the default subvolume's system"
    attach noatime,subvolid=5 device-1 device-2
    (cd mnt && make_system other subvol=other)
    btrfs -q subvolume set-default 5 mnt
    mv mnt/@ mnt/@one
    sed -i 's/subvol=@,/subvol=@one,/' mnt/@one/etc/fstab
    release
    "$guest_tool" inspect device-1 device-2 >log 2>&1
    grep -q 'several operating systems.*subvolumes of.*@one.*other' log
    ok $? "two systems in one volume are named"
    for subvolume in @one other; do
        name=@
        [ $subvolume = @one ] || name=other
        is "$(hostname_of --root "/dev/sda,subvol=$subvolume" device-1 device-2)" \
            host-of-$name "--root DEVICE,subvol=$subvolume"
    done
    "$guest_tool" --root /dev/sda,subvol=none inspect device-1 device-2 >log 2>&1
    grep -q 'root /dev/sda,subvol=none: ' log
    ok $? "a subvolume that is not there: $(grep -o -- '--root.*' log)"
    "$guest_tool" --root /dev/sda inspect device-1 device-2 >log 2>&1
    grep -q 'several operating systems.*subvolumes of.*@one.*other' log
    ok $? "--root DEVICE alone does not guess"
    sed -n '/several/!s/^/# /p' log | head -3
}

test_with_kernel()
{
    test_kind "nodes of 16 KiB" -n 16384
    test_kind "nodes of 4 KiB" -n 4096
    test_kind "nodes of 64 KiB, no free space tree" -n 65536 -R ^free-space-tree
    test_kind "hole extents" -O ^no-holes,^skinny-metadata,^extref
    test_kind "mixed block groups" -M
    test_kind "checksums of xxhash" --csum xxhash
    test_kind "checksums of SHA-256" --csum sha256
    test_kind "DUP data" -d dup -m dup
    test_kind "block group tree" -O block-group-tree
    make_images image 300M
    btrfstune -f -m image >log 2>&1
    attach noatime image && populate
    release
    test_images "another UUID for metadata" image
    test_devices single 2 0 -d single -m raid1
    test_devices RAID0 2 0 -d raid0 -m raid1
    test_devices RAID1 2 1 -d raid1 -m raid1
    test_devices RAID1C3 3 2 -d raid1c3 -m raid1c3
    test_devices RAID10 4 1 -d raid10 -m raid10
    test_subvolumes
    test_guest
    test_cut_off
    test_space
    test_space -d dup
}

test_without_root
if [ "$(id -u)" -ne 0 ] || { ! grep -qw btrfs /proc/filesystems &&
    ! modprobe btrfs 2>/dev/null; }; then
    echo "# the rest needs root, and btrfs in the kernel"
else
    test_with_kernel
fi
tap_done
