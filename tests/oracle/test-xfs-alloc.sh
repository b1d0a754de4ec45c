#!/bin/sh
# SPDX-License-Identifier: LGPL-3.0-or-later
# XFS below its names: blocks, extents and inodes come and go, judged by
# xfs_repair; contents of files that the kernel made, with shared, unwritten
# and left-over blocks, change as they do in ext4; full filesystems; and what
# a machine that was cut off leaves behind.
#
# H2K_XFS_ROUNDS=N makes N times as many changes.
# shellcheck source=tests/tap.sh
. "$H2K_SOURCE/tests/tap.sh"
own_mounts
PATH=$PATH:/sbin:/usr/sbin
need mkfs.xfs xfs_repair xfs_db mkfs.ext4
tool=$H2K_BUILD/tests/oracle/xfs-tool
fs_op=$H2K_BUILD/tests/oracle/fs-op
times=${H2K_XFS_ROUNDS:-1}
# The kernel's syncs take their time where the disk is busy.
work=$(mktemp -d -p /dev/shm 2>/dev/null) || work=$tap_dir
cd "$work" || exit 1
mkdir mnt
trap 'mountpoint -q mnt && umount mnt; cd /; rm -rf "$work" "$tap_dir"' EXIT
# mkfs.xfs makes small ones only for xfstests.
export TEST_DIR=mnt TEST_DEV=image QA_CHECK_FS=1
kernel=
[ "$(id -u)" -eq 0 ] && { grep -qw xfs /proc/filesystems ||
    modprobe xfs 2>/dev/null; } && kernel=yes

# A filesystem with six small files, made by mkfs.xfs itself.
make_image()
{
    rm -f image
    truncate -s "$1" image
    shift
    echo hello >hello
    {
        printf '/\n0 0\nd--755 0 0\n'
        for i in 1 2 3 4 5 6; do echo "f$i ---644 0 0 hello"; done
        echo '$'
    } >proto
    mkfs.xfs -q -f -p proto "$@" image >mkfs.log 2>&1 && return
    sed 's/^/# /' mkfs.log
    return 1
}

inodes() { xfs_db -c 'path /' -c ls image 2>/dev/null | awk '/ f[1-6] /{ print $2 }'; }

# One AG alone is not enough for xfs_repair's liking.
sound()
{
    xfs_repair -n -o force_geometry image >repair.log 2>&1
    status=$?
    ok $status "$1"
    [ $status -eq 0 ] || tail -n 15 repair.log | sed 's/^/# /'
}

# What the kernel says when it mounts and changes it; nothing where all is
# well.
mounts()
{
    before=$(dmesg 2>/dev/null | tail -n 1)
    [ -n "$kernel" ] && mount -t xfs -o loop image mnt 2>/dev/null || return 0
    device=$(findmnt -n -o SOURCE mnt)
    cat mnt/* >/dev/null
    status=$?
    head -c 3000000 /dev/urandom 2>/dev/null >mnt/new
    rm mnt/f1 mnt/f3
    umount mnt
    dmesg 2>/dev/null | awk -v last="$before" '
        last == "" { print } $0 == last { last = "" }' |
        grep -F "(${device#/dev/})" | grep -iE 'corrupt|failed|error' |
        sed 's/^/# /' | grep . && status=1
    ok $status "$1: the kernel changes it and has nothing to say"
    sound "$1: and then xfs_repair neither"
}

# test_random FEATURES ROUNDS BLOCKS PIECE SIZE MKFS...
test_random()
{
    features=$1 rounds=$(($2 * times)) blocks=$3 piece=$4
    shift 4
    make_image "$@" || return
    shift
    # shellcheck disable=SC2046
    "$tool" image 1 "$rounds" "$blocks" "$piece" $(inodes) >log 2>&1
    status=$?
    ok $status "$*: $rounds random changes, as a model has them"
    [ $status -eq 0 ] || sed 's/^/# /' log
    failed=$tap_failed
    sound "$*: xfs_repair finds nothing"
    mounts "$*"
    [ "$status" -eq 0 ] && [ "$tap_failed" -eq "$failed" ] &&
        echo "$features" | sed 's/ + /\n/g' |
        sed 's/.*/# matrix: xfs | & | write/'
}

# Trees of several levels in small blocks.
test_deep()
{
    make_image 300m "$@" || return
    # shellcheck disable=SC2046
    "$tool" image 2 $((12000 * times)) 30000 30 $(inodes) >log 2>&1
    ok $? "$*: many pieces of free space, many extents"
    levels=$(xfs_db -c 'agf 0' -c 'p bnolevel' image 2>/dev/null)
    [ "${levels##* }" -gt 1 ]
    ok $? "$*: ${levels:-no levels} of its B+trees"
    sound "$*: xfs_repair finds nothing"
    mounts "$*"
}

# Until nothing more goes in.
test_full()
{
    make_image "$@" || return
    shift
    # shellcheck disable=SC2046
    "$tool" image 3 $((1500 * times)) 30000 400 $(inodes) >log 2>&1 &&
        ! grep -qx 'refused 0' log
    ok $? "$*: some of it was refused ($(cat log))"
    sound "$*: xfs_repair finds nothing when it is full"
    cp image full
    mounts "$*: full"
    mv full image
    left=$(echo space | "$fs_op" image)
    printf '! fill /f1 0 %d 1\ntruncate /f1 0\ntruncate /f2 0\n' \
        $((left + 70000000)) | "$fs_op" image >log 2>&1
    ok $? "$*: what is too much is refused, and there is room again"
    sound "$*: xfs_repair finds nothing then"
}

# ---- Contents ----

# Files that the kernel made: shared, unwritten, and with blocks behind their
# end that hold something.
fill_mounted()
{
    for i in 0 1 2 3 4 5 6 7; do
        head -c $((i * 30000 + 17)) /dev/urandom >"mnt/f$i"
    done
    cp --reflink=always mnt/f4 mnt/f0 2>/dev/null
    cp --reflink=always mnt/f4 mnt/f7 2>/dev/null
    for i in 5 6 7; do
        xfs_io -c "falloc -k $((i * 10))k 400k" -c 'falloc 700k 50k' "mnt/f$i"
    done
    xfs_io -c 'pwrite -q -S 0xee 0 300k' -c 'truncate 20000' mnt/f2
    xfs_io -f -c 'pwrite -q -S 0xee 0 300k' -c fsync -c 'falloc -k 0 600k' mnt/f3
}

random_script()
{
    awk -v seed="$1" -v n="$2" 'BEGIN {
        srand(seed)
        for (i = 1; i <= n; i++) {
            at = int(rand() * rand() * 900000)
            len = 1 + int(rand() < .2 ? rand() * 200000 : rand() * 9000)
            if (rand() < .2) at -= at % 4096
            if (rand() < .2) len += 4096 - len % 4096
            if (rand() < .75)
                print "fill /f" int(rand() * 8), at, len, i
            else
                print "truncate /f" int(rand() * 8), int(rand() * 900000)
        }
    }'
}

sums() { for i in 0 1 2 3 4 5 6 7; do echo "cat /f$i" | "$fs_op" -r "$1" | sha256sum; done; }

test_contents()
{
    make_image "$@" || return
    shift
    mount -t xfs -o loop image mnt 2>/dev/null || return 0
    fill_mounted
    rm -f model
    truncate -s 64m model
    mkfs.ext4 -q -d mnt model
    umount mnt
    random_script 1 $((250 * times)) >script
    "$fs_op" image <script >log 2>&1
    status=$?
    ok $status "$*: writes and truncates"
    [ $status -eq 0 ] || tail -n 3 log | sed 's/^/# /'
    "$fs_op" model <script
    sums model >expected
    sums image | cmp -s - expected
    ok $? "$*: contents are as in ext4"
    mount -t xfs -o loop,ro image mnt &&
        for i in 0 1 2 3 4 5 6 7; do sha256sum <"mnt/f$i"; done >theirs
    umount mnt
    cmp -s theirs expected
    status=$?
    ok $status "$*: and as the kernel reads them"
    sound "$*: xfs_repair finds nothing"
    [ $status -ne 0 ] || printf '# matrix: xfs | %s | write\n' \
        'contents: shared, unwritten and beyond the end'
}

# ---- Inodes in parts of chunks ----

# punch: of the file that has nearly all, half of each chunk of inodes that
# could be is freed.  With "AG BLOCK" lines in `wanted`, just those halves.
punch()
{
    xfs_io -r -c 'bmap -v -p' mnt/big | awk '
        /^ *[0-9]+:/ {
            gsub(/[][():]/, " ")
            gsub(/\.\./, " ")
            while ((getline line <"wanted") > 0) {
                split(line, at)
                if (at[1] == $6 && at[2] * 8 >= $7 && at[2] * 8 < $8)
                    print "fpunch", ($2 + at[2] * 8 - $7) * 512, 16384
            }
            if (close("wanted") == 0)
                next
            for (k = 0; $2 + 8 * k + 64 <= $3; k++)
                if (($7 / 8 + k) % 8 == 0)
                    print "fpunch", ($2 + 8 * k) * 512, 16384
        }' >punches
    xfs_io mnt/big <punches >/dev/null
}

create() { seq "$1" "$2" | sed 's/^/create \/n/' | "$fs_op" image >log 2>&1; }

# "AG START HOLES" of each chunk of inodes.
chunks()
{
    for ag in 0 1; do
        xfs_db -c "agi $ag" -c 'addr root' -c p image |
            grep -oE '[0-9]+,(0x)?[0-9a-f]+,[0-9]+,[0-9]+,(0x)?[0-9a-f]+' |
            awk -F , -v ag=$ag '{ print ag, $1, $2 }'
    done
}

test_sparse()
{
    make_image 64m -d agcount=2 "$@" || return
    mount -t xfs -o loop image mnt 2>/dev/null || return 0
    size=$(($(df --output=avail -k mnt | tail -n 1) - 1500))
    xfs_io -f -c "falloc 0 ${size}k" mnt/big
    rm -f wanted
    punch
    for i in 1 2 3 4 5 6 7 8 9; do
        xfs_io -f -c 'falloc 0 450k' "mnt/eat$i"
    done
    umount mnt
    create 1 1000
    ok $? "$*: a thousand files where no whole chunk has room"
    before=$(chunks | grep -c 0xff00)
    [ "$before" -gt 20 ]
    ok $? "$*: parts of chunks ($before)"
    chunks | awk '/0xff00/ { print $1, $2 / 8 + 4 }' >wanted
    sound "$*: xfs_repair finds nothing"
    mount -t xfs -o loop image mnt
    punch
    umount mnt
    create 1001 1800
    ok $? "$*: and more where the other parts were"
    after=$(chunks | grep -c 0xff00)
    [ "$after" -lt "$before" ]
    ok $? "$*: which become one with them ($after are left)"
    mounts "$*: sparse inodes"
}

# ---- What was cut off ----

# Deleted and open, and in the middle of copies of what is shared.
leave_orphans()
{
    cp --reflink=always mnt/f4 mnt/g4 2>/dev/null
    for i in 1 2 3 4 5; do
        head -c $((i * 100000)) /dev/urandom >"mnt/gone$i"
    done
    exec 5<mnt/gone1 6<mnt/gone2 7<mnt/gone3
    rm mnt/gone1 mnt/gone2 mnt/gone3
    xfs_io -c 'cowextsize 1m' -c 'pwrite -q 8k 4k' -c fsync mnt/g4 2>/dev/null
    xfs_io -x -c 'shutdown -f' mnt
    exec 5<&- 6<&- 7<&-
}

test_orphans()
{
    make_image 64m "$@" || return
    mount -t xfs -o loop image mnt 2>/dev/null || return 0
    fill_mounted
    leave_orphans
    umount mnt
    echo 'write /f1 hello' | "$fs_op" image >log 2>&1
    status=$?
    ok $status "$*: deleted files that were open: opened for writing"
    [ $status -eq 0 ] || sed 's/^/# /' log
    sound "$*: xfs_repair finds nothing left of them"
    mounts "$*: after them"
    [ $status -ne 0 ] ||
        echo '# matrix: xfs | deleted files that were still open | write'
}

# A quota's counts are not known any more.
test_quota()
{
    make_image 64m || return
    mount -t xfs -o loop,uquota,gquota image mnt 2>/dev/null || return 0
    umount mnt
    printf 'fill /f1 0 900000 1\nchown /f2 1000 1000\n' | "$fs_op" image
    flags=$(xfs_db -c 'sb 0' -c 'p qflags' image | sed 's/.*= //')
    [ $((flags & 0x104)) -eq 0 ]
    ok $? "quotas: are to be checked again ($flags)"
    mount -t xfs -o loop,uquota,gquota image mnt
    ok $? "quotas: the kernel mounts it"
    used=$(xfs_quota -x -c 'quota -N -u -b 1000' mnt 2>/dev/null | awk '{ print $2 }')
    [ "${used:-4}" = 4 ]
    ok $? "quotas: and counts ${used:-nothing}"
    umount mnt
    echo '# matrix: xfs | quotas, counted again at the next mount | write'
}

refused()
{
    echo 'write /f1 x' | "$fs_op" image 2>log
    grep -q "$1" log
    status=$?
    ok $status "$2: is not written to"
    [ $status -eq 0 ] || sed 's/^/# /' log
}

test_refusals()
{
    make_image 64m
    xfs_db -x -c 'agf 1' -c 'write -d freeblks 99999999' image >/dev/null 2>&1
    refused 'is damaged' "a damaged header"
    make_image 64m
    xfs_db -x -c 'sb 0' -c 'write -d features_ro_compat 0x8000000f' image \
        >/dev/null 2>&1
    refused 'unknown features' "a feature of the future"
}

test_random 'version 4 + 512-byte blocks' 400 2000 40 64m -m crc=0 -b size=512
test_random 'without lazy-count' 300 2000 40 64m -m crc=0 -l lazy-count=0
test_random 'attributes of the first kind (attr=1)' 300 2000 40 64m -m crc=0 -i attr=1
test_random 'version 5 + reflink + finobt + inobtcount + bigtime + sparse inodes' \
    400 2000 40 64m
test_random 'rmapbt' 400 2000 40 64m -m rmapbt=1
test_random '1024-byte blocks' 400 2000 40 64m -m rmapbt=1 -b size=1024
test_random '64 KiB blocks' 200 200 8 600m -m rmapbt=1 -b size=65536
test_random 'without reflink' 300 2000 40 64m -m rmapbt=1,reflink=0
test_random 'without finobt' 300 2000 40 64m -m finobt=0,reflink=0,inobtcount=0
test_random 'whole chunks of inodes alone (sparse=0)' 300 2000 40 64m -i sparse=0
test_random 'nrext64' 300 2000 40 64m -i nrext64=1 -m rmapbt=1
test_random '4 KiB sectors' 300 2000 40 64m -s size=4096
test_random '2 KiB inodes' 300 2000 40 64m -i size=2048 -m rmapbt=1
test_random 'many AGs' 300 2000 40 320m -d agcount=20 -m rmapbt=1
test_deep -m rmapbt=1 -b size=1024
test_deep -m crc=0 -b size=512
test_full 20m -m rmapbt=1
test_full 40m -d agcount=2
test_full 32m -d agcount=2 -m crc=0 -b size=512
test_refusals
if [ -n "$kernel" ]; then
    test_contents 64m
    test_contents 64m -m rmapbt=1 -b size=1024
    test_contents 64m -m reflink=0
    test_sparse -m rmapbt=1
    test_orphans -m rmapbt=1
    test_orphans
    test_quota
fi
tap_done
