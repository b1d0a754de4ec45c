#!/bin/sh
# SPDX-License-Identifier: LGPL-3.0-or-later
# Reading XFS, against the kernel: what it wrote is listed by it and by us,
# and both must be the same, names, modes, owners, times, contents and
# attributes.  Where the kernel does not mount what mkfs.xfs makes (version 4,
# blocks larger than pages), mkfs.xfs fills it by itself, and the files that it
# took are the judge.
#
# "# matrix:" lines say what was seen to work, for docs/filesystems.md.
# shellcheck source=tests/tap.sh
. "$H2K_SOURCE/tests/tap.sh"
own_mounts
need mkfs.xfs xfs_db xfs_repair xfs_io python3
fs_op=$H2K_BUILD/tests/oracle/fs-op
fill=$H2K_SOURCE/tests/oracle/xfs-fill.py
list=$H2K_SOURCE/tests/oracle/tree-list.py
cd "$tap_dir" || exit 1
PATH=$PATH:/sbin:/usr/sbin
export LC_ALL=C
mkdir mnt
release() { mountpoint -q mnt && umount mnt; }
trap 'release; cd /; rm -rf "$tap_dir"' EXIT
can_mount=false
[ "$(id -u)" -ne 0 ] || { ! grep -qw xfs /proc/filesystems &&
    ! modprobe xfs 2>/dev/null; } || can_mount=true

# passed STATUS FEATURES NAME: a test that shows them ("a + b"), or "" for none.
passed()
{
    ok "$1" "$3"
    [ "$1" -ne 0 ] || [ -z "$2" ] ||
        echo "$2" | sed 's/ + /\n/g' | sed 's/.*/# matrix: xfs | & | read/'
}

# make SIZE OPTION...: an image, or failure where this mkfs.xfs cannot.
make()
{
    rm -f image
    truncate -s "$1" image
    shift
    mkfs.xfs -q "$@" image >mkfs.log 2>&1
}

same()
{
    cmp -s "$1" "$2" && return 0
    diff "$1" "$2" | head -n 6 | cut -c 1-200 | sed 's/^/# /'
    return 1
}

ours() { echo tree | "$fs_op" -R image >ours.tree 2>ours.log; }

# 1 where the kernel does not mount this.
fill_mounted()
{
    mount -o loop image mnt 2>/dev/null || return 1
    python3 "$fill" mnt && python3 "$list" mnt >kernel.tree
    filled=$?
    umount mnt
    return $((filled * 2))
}

# has FEATURE: as xfs_db names it.
has() { xfs_db -r -c version image | grep -qE "[=, ]$1(,|\$)"; }

# Names and contents, by mkfs.xfs itself.
fill_proto()
{
    make "$@" -p proto || return 1
    # xfs_db of xfsprogs 6.1 crashes at that in version 4.
    ! has V5 || xfs_db -x -c 'path /directory/file1' \
        -c 'attr_set -u small -v 100' -c 'attr_set -s large -v 3000' \
        -c 'attr_set -r huge -v 60000' image >/dev/null 2>&1
}

make_source()
{
    mkdir -p src/directory src/many src/some src/few
    for i in $(seq 60); do echo "$i" >"src/directory/file$i"; done
    for i in $(seq 800); do
        : >"src/many/a-name-that-is-long-enough-$i"
    done
    for i in $(seq 150); do : >"src/some/a-name-that-is-long-enough-$i"; done
    echo 1 >src/few/one
    echo 2 >src/few/two
    head -c 2000000 /dev/urandom >src/large
    ln -s target src/short
    # In the inode in version 5: mkfs.xfs forgets the header of a longer one.
    ln -s "$(printf '%0300d' 1)" src/long
    mkfifo src/fifo
    chmod 4755 src/few/one
    python3 "$fill" --proto src >proto
    python3 "$list" src | sed 's/ [0-9]*:[0-9]* / /; s/ mtime=[0-9]*//' \
        >source.tree
}

test_mounted()
{
    name=$1
    shift
    make "$@" || { ok 0 "$name # SKIP this mkfs.xfs has no $*"; return; }
    fill_mounted
    case $? in
    0) ;;
    1) ok 0 "$name # SKIP the kernel does not mount it"; return ;;
    *) ok 1 "$name: filling $*"; return ;;
    esac
    ours && same kernel.tree ours.tree
    status=$?
    [ $status -eq 0 ] || sed 's/^/# /' ours.log
    passed $status "$name" "$name: as the kernel sees it ($*)"
}

# What xfs_db's attr_set put there: so many times "v".
attributes_right()
{
    for size in 100 3000 60000; do
        value=$(head -c $size /dev/zero | tr '\0' 'v' | od -An -v -tx1 |
            tr -d ' \n')
        grep '^/directory/file1 ' ours.tree | tr ' ' '\n' |
            grep -qxF -e "user.small=$value" -e "security.large=$value" \
                -e "trusted.huge=$value" || return 1
    done
}

test_proto()
{
    name=$1
    shift
    if ! fill_proto "$@"; then
        ok 0 "$name # SKIP this mkfs.xfs has no $*"
        return
    fi
    ours
    sed 's/ [0-9]*:[0-9]* / /; s/ mtime=[0-9]*//
        s/ \(user\.small\|security\.large\|trusted\.huge\)=[0-9a-f]*//g' \
        ours.tree >ours.source
    same source.tree ours.source
    status=$?
    [ $status -eq 0 ] || sed 's/^/# /' ours.log
    passed $status "$name" "$name: as mkfs.xfs filled it ($*)"
    if has V5; then
        attributes_right
        ok $? "$name: attributes as xfs_db set them"
    fi
    if has ASCII_CI; then
        is "$(echo 'cat /Few/ONE' | "$fs_op" -R image 2>&1)" 1 \
            "$name: a name in other letters"
    fi
}

# The kinds of things that filled images hold are there: by xfs_db.
test_present()
{
    format() { xfs_db -r -c "path $1" -c 'p core.format' image | sed 's/.*= //'; }
    is "$(format /fragmented)" '3 (btree)' "a file has its extents in a tree"
    is "$(xfs_db -r -c 'path /attr-many' -c 'ablock 0' \
        -c 'p hdr.info.hdr.magic' image | tail -n 1 | sed 's/.*= //')" 0x3ebe \
        "attributes are in a tree"
    is "$(xfs_db -r -c 'path /node' -c 'dblock 8388608' \
        -c 'p nhdr.info.hdr.magic' image | sed 's/.*= //')" 0x3ebe \
        "names are in a tree"
    same kernel.tree ours.tree
    passed $? 'directories in the inode, of a block, a leaf, a tree + extents in the inode and in a B+tree + holes and unwritten extents + symbolic links in the inode and outside + extended attributes in the inode, a leaf, a tree, with remote values + POSIX ACLs + special files' \
        "all kinds of things"
}

# Free space overwritten, and nothing has changed.
test_free()
{
    echo free | "$fs_op" -R image >ranges
    for i in 0 1 2 3; do
        xfs_db -r -c "agf $i" -c 'p freeblks' image
    done >freeblks
    is "$(awk '{ n += $2 / 4096 } END { print n }' ranges)" \
        "$(awk '{ n += $3 } END { print n }' freeblks)" \
        "all that is free is reported"
    # What the kernel keeps back differs a little from one to the next.
    mount -o loop image mnt
    kernel=$(($(stat -f -c '%a * %S' mnt)))
    umount mnt
    space=$(echo space | "$fs_op" -R image)
    [ "$space" -le $((kernel + 65536)) ] && [ "$space" -gt $((kernel / 20 * 19)) ]
    ok $? "what the kernel keeps back is not space ($space of $kernel bytes)"
    echo spoil | "$fs_op" -r image
    xfs_repair -n image >repair.log 2>&1
    status=$?
    ok $status "xfs_repair -n finds nothing after free space was overwritten"
    [ $status -eq 0 ] || grep -v '^Phase\|^ ' repair.log | sed 's/^/# /'
    mount -o loop,ro image mnt && python3 "$list" mnt >after.tree
    umount mnt
    same kernel.tree after.tree
    passed $? "free space left out" "and the kernel sees what it saw"
}

# A UUID that metadata does not carry.
test_meta_uuid()
{
    xfs_db -x -c 'uuid generate' image >/dev/null 2>&1
    has META_UUID
    ok $? "meta_uuid: another UUID"
    ours && same kernel.tree ours.tree
    passed $? "meta_uuid" "meta_uuid: as the kernel saw it"
}

test_sparse()
{
    # What the trees of the others keep back would be one piece.
    make 300M -d agcount=2 -i sparse=1 -m finobt=0,reflink=0,inobtcount=0 ||
        return
    mount -o loop image mnt || return
    xfs_io -x -c 'resblks 0' mnt >/dev/null
    python3 "$fill" --holes mnt && python3 "$list" mnt >kernel.tree
    umount mnt
    for i in 0 1; do
        xfs_db -r -c "agi $i" -c 'addr root' -c 'p recs' image
    done >records
    # startino, holemask, count, freecount, free
    grep -qE '^ *[0-9]+:\[[0-9]+,0x[0-9a-f]*[1-9a-f]' records ||
        sed 's/^/# /' records
    grep -qE '^ *[0-9]+:\[[0-9]+,0x[0-9a-f]*[1-9a-f]' records
    ok $? "sparse inodes: there are some"
    ours && same kernel.tree ours.tree
    passed $? "sparse inodes" "sparse inodes: as the kernel sees them"
}

# patch FIELD VALUE: of the superblock, by xfs_db, CRC and all.
patch() { xfs_db -x -c 'sb 0' -c "write -d $1 $2" image >/dev/null 2>&1; }

refused()
{
    echo tree | "$fs_op" "$1" image >/dev/null 2>log
    [ $? -eq 1 ] && grep -q "$2" log
    status=$?
    ok $status "$3"
    [ $status -eq 0 ] || sed 's/^/# /' log
}

test_refused()
{
    make 300M
    patch features_incompat 0x8000000b
    refused -R 'unknown features (incompat 0x80000000)' \
        "an unknown incompatible feature"
    patch features_incompat 0x1b
    refused -R 'run xfs_repair' "in need of repair"
    make 300M
    patch features_ro_compat 0x8000000d
    echo tree | "$fs_op" -R image >/dev/null
    ok $? "an unknown feature that allows reading is read"
    echo tree | "$fs_op" image 2>log
    [ $? -eq 1 ] && grep -q 'written by us' log
    ok $? "and not written"
    make 300M
    printf '\377' | dd of=image bs=1 seek=150 conv=notrunc 2>/dev/null
    refused -R "superblock's checksum is wrong" "a damaged superblock"
    make 300M
    truncate -s 299M image
    refused -R 'was cut short' "a volume that was cut short"
    make 300M -p proto
    xfs_db -x -c 'path /many' -c 'write -c core.size 0' image >/dev/null 2>&1
    refused -R 'checksum is wrong' "an inode with a wrong checksum"
}

test_external()
{
    rm -f log.image
    truncate -s 100M log.image
    make 300M -l logdev=log.image,size=64m -p proto ||
        { ok 0 "external log # SKIP"; return; }
    ours
    sed 's/ [0-9]*:[0-9]* / /; s/ mtime=[0-9]*//' ours.tree >ours.source
    same source.tree ours.source
    passed $? "external log" "a log on another device: is read"
    echo free | "$fs_op" -R image >/dev/null 2>log
    [ $? -eq 1 ] && grep -q 'cannot be trusted' log
    ok $? "but nothing is said to be free"
}

test_realtime()
{
    rm -f rt.image
    truncate -s 100M rt.image
    make 300M -r rtdev=rt.image -p proto ||
        { ok 0 "realtime device # SKIP"; return; }
    ours
    sed 's/ [0-9]*:[0-9]* / /; s/ mtime=[0-9]*//' ours.tree >ours.source
    same source.tree ours.source
    passed $? "beside a realtime device" "what is not realtime is read"
    xfs_db -x -c 'path /large' -c 'write -d core.realtime 1' image >/dev/null
    echo 'cat /large' | "$fs_op" -R image >/dev/null 2>log
    grep -q 'realtime device, which is not read by us' log
    ok $? "a file on the realtime device is refused"
}

# A log that has to be replayed, on a volume that can be written and on one
# that cannot.
test_dirty()
{
    make 300M && mount -o loop image mnt || return
    mkdir mnt/dir
    for i in $(seq 100); do echo "$i" >"mnt/dir/name$i"; done
    xfs_io -x -c 'shutdown -f' mnt
    umount mnt
    refused -R 'its log must be replayed' "a dirty log: a frozen volume"
    printf 'info\ntree\n' | "$fs_op" -r image >ours.tree 2>&1
    grep -q 'replayed=1' ours.tree
    ok $? "a dirty log: is replayed where it can be"
    is "$(grep -c '^/dir/name' ours.tree)" 100 "and all names are there"
}

make_source
if $can_mount; then
    while IFS=: read -r name options; do
        # shellcheck disable=SC2086
        test_mounted "$name" $options
    done <<'END'
version 5 + finobt + reflink + bigtime:400M -m crc=1
without finobt, reflink, bigtime, sparse inodes:400M -m finobt=0,inobtcount=0,reflink=0,bigtime=0 -i sparse=0
inodes of 1024 bytes + sectors of 4096 bytes:400M -i size=1024 -s size=4096
inodes of 2048 bytes + directory blocks of 65536 bytes:400M -i size=2048 -n size=65536
blocks of 1024 bytes + directory blocks of several blocks + many AGs:1600M -b size=1024 -n size=16384 -d agcount=20 -l size=64m
blocks of 2048 bytes + stripes:800M -b size=2048 -d su=64k,sw=4 -l size=64m
blocks of 16384 bytes:400M -b size=16384
rmapbt + inobtcount + nrext64:400M -m rmapbt=1,reflink=1,inobtcount=1 -i nrext64=1
END
    if [ -s kernel.tree ]; then
        test_present
        test_free
        test_meta_uuid
    fi
    test_sparse
    test_dirty
fi
while IFS=: read -r name options; do
    # shellcheck disable=SC2086
    test_proto "$name" $options
done <<'END'
version 4:300M -m crc=0
version 4 + no ftype + counters not lazy + 32-bit project ids off:300M -m crc=0 -n ftype=0 -l lazy-count=0 -i projid32bit=0
version 4 + attr=1 + unaligned inodes + log of version 1:300M -m crc=0 -i attr=1,align=0 -l version=1
version 4 + blocks of 512 bytes:300M -m crc=0 -b size=512
version 4 + blocks of 512 bytes + directory blocks of several blocks:300M -m crc=0 -b size=512 -n size=4096
version 4 + inodes of 2048 bytes + sectors of 4096 bytes:300M -m crc=0 -i size=2048 -s size=4096
version 4 + case-insensitive names:300M -m crc=0 -n version=ci
case-insensitive names:300M -n version=ci
blocks of 8192 bytes:300M -b size=8192
blocks of 65536 bytes:600M -b size=65536
version 4 + blocks of 65536 bytes:600M -m crc=0 -b size=65536
version 5:300M -m rmapbt=1
END
test_external
test_realtime
test_refused
tap_done
