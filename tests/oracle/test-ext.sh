#!/bin/sh
# SPDX-License-Identifier: LGPL-3.0-or-later
# The ext driver against e2fsprogs: images that mke2fs made are read as
# debugfs reads them; what we changed passes e2fsck -fn.
# shellcheck source=tests/tap.sh
. "$H2K_SOURCE/tests/tap.sh"
need mke2fs e2fsck debugfs dumpe2fs setfattr sha256sum
fs_op=$H2K_BUILD/tests/oracle/fs-op
cd "$tap_dir" || exit 1

# A tree with what matters: long and short links, attributes in the inode and
# outside, a sparse file, hard links, a directory of several blocks.
make_source()
{
    mkdir -p src/etc/dir src/big src/boot
    echo "a small file" >src/etc/small
    for i in $(seq 300); do
        echo "$i" >"src/big/a-file-with-a-name-that-is-long-enough-$i"
    done
    ln -s /etc/passwd src/fast
    ln -s "/$(printf '%0300d' 1)" src/slow
    head -c 3000000 /dev/urandom >src/boot/initrd
    ln src/boot/initrd src/hard
    truncate -s 5M src/sparse
    echo end >>src/sparse
    setfattr -n user.small -v value src/etc/small
    setfattr -n user.large -v "$(printf '%0700d' 1)" src/hard
}

# Every file's content, in the order of names.
sums_here() { (cd "$1" && find . -type f | LC_ALL=C sort | grep -v lost+found |
    xargs -d '\n' sha256sum | cut -c 1-64 | sort); }
sums_ours() { echo tree | "$fs_op" -r "$1" | grep -oE ' [0-9a-f]{64}( |$)' |
    tr -d ' ' | sort; }

make_image()
{
    rm -f "$1" "$1.check"
    truncate -s "$2" "$1"
    image=$1
    shift 2
    mke2fs -q -F "$@" "$image" >mke2fs.log 2>&1
}

# What FIX does to a guest, and more.
cat >script <<'END'
create /etc/new 0640
fill /etc/new 0 100000 7
fill /etc/new 250000 5000 8
truncate /etc/new 200000
truncate /etc/new 300001
check
chmod /etc/new 04755
chown /etc/new 70000 80000
chmod /etc/new 04755
mtime /etc/new 1700000000
setxattr /etc/new security.selinux system_u:object_r:etc_t:s0
setxattr /etc/new user.big 700 5
check
mkdir /etc/newdir 0700
create /etc/newdir/x
write /etc/newdir/x hello
symlink /etc/short target
symlink /etc/long /a/target/that/is/longer/than/sixty/bytes/and/so/not/in/the/inode
check
rename /etc/newdir/x /etc/y
rename /etc/y /boot/initrd
rename /etc/small /etc/newdir/moved
check
unlink /hard
unlink /sparse
unlink /slow
check
write /etc/newdir/moved changed
! create /etc/new
! mkdir /etc/new/below
! unlink /etc/newdir
! rename /nothing /something
! write /etc hello
check
END
for i in $(seq 100); do
    echo "create /big/another-file-with-quite-a-long-name-$i-----------------"
done >>script
for i in $(seq 1 2 300); do
    echo "unlink /big/a-file-with-a-name-that-is-long-enough-$i"
done >>script

test_options()
{
    make_image image 64M -d src "$@" || { ok 1 "mke2fs $*"; return; }
    sums_ours image | cmp -s - source.sums
    ok $? "$*: reads all files"
    "$fs_op" image <script >log 2>&1 && e2fsck -fn image >fsck.log 2>&1
    status=$?
    ok $status "$*: changes, and e2fsck -fn finds nothing"
    [ $status -eq 0 ] || sed 's/^/# /' log fsck.log
    debugfs -R 'stat /etc/new' image >stat 2>/dev/null
    grep -q 'Mode: *04755' stat &&
        grep -q 'User: *70000 *Group: *80000' stat &&
        grep -q 'Size: 300001' stat &&
        grep -q 'mtime: 0x6553f100' stat && grep -q 'security.selinux' stat
    ok $? "$*: debugfs sees mode, owner, size, time and attribute"
    is "$(debugfs -R 'cat /boot/initrd' image 2>/dev/null)" hello \
        "$*: debugfs reads the new content"
    debugfs -R 'stat /etc/long' image 2>/dev/null | grep -q 'Size: 65'
    ok $? "$*: and the link's length"
    echo "# matrix: ext2, ext3, ext4 | mke2fs $* | read, write"
}

# Space that is reported free holds nothing: spoil it, and nothing changes.
test_free()
{
    make_image image 200M -d src "$@"
    printf 'unlink /sparse\nfree\n' | "$fs_op" image >ranges
    block=$(dumpe2fs -h image 2>/dev/null | sed -n 's/^Block size: *//p')
    reported=$(awk -v b="$block" '{ n += $2 / b } END { print n }' ranges)
    is "$reported" "$(dumpe2fs -h image 2>/dev/null |
        sed -n 's/^Free blocks: *//p')" "$*: every free block is reported"
    is "$(echo space | "$fs_op" -r image)" "$(dumpe2fs -h image 2>/dev/null |
        awk -v b="$block" '/^Reserved block count:/ { n -= $4 }
            /^Free blocks:/ { n += $3 } END { printf "%d", n * b }')" \
        "$*: what is reserved for root is not space"
    mkdir -p before after
    debugfs -R 'rdump / before' image >/dev/null 2>&1
    sums_here before >before.sums
    echo spoil | "$fs_op" -r image
    debugfs -R 'rdump / after' image >/dev/null 2>&1
    sums_here after >after.sums
    e2fsck -fn image >fsck.log 2>&1
    ok $? "$*: e2fsck -fn after all free blocks were overwritten"
    [ -s before.sums ] && cmp before.sums after.sums
    ok $? "$*: and no file has changed"
    rm -rf before after
}

test_random()
{
    make_image image 64M "$@"
    for i in 1 2 3 4 5 6; do
        echo "random $i 100"
        echo check
    done | "$fs_op" image >log 2>&1
    status=$?
    ok $status "$*: 600 random changes as a model has them"
    [ $status -eq 0 ] || tail -n 2 log image.check | sed 's/^/# /'
}

# An index that grows, by entries and by a level.
test_index()
{
    make_image image 64M -N 8000 -d src "$@"
    e2fsck -fyD image >/dev/null 2>&1
    before=$(debugfs -R 'htree /big' image 2>/dev/null | grep -c 'Entry #')
    for i in $(seq 1500); do echo "create /big/entry-$i"; done >entries
    for i in $(seq 1 3 1500); do echo "unlink /big/entry-$i"; done >>entries
    for i in $(seq 2 3 1500); do
        echo "rename /big/entry-$i /big/renamed-$i"
    done >>entries
    "$fs_op" image <entries && e2fsck -fn image >fsck.log 2>&1
    ok $? "$*: 1500 names in an indexed directory"
    after=$(debugfs -R 'htree /big' image 2>/dev/null | grep -c 'Entry #')
    [ "$before" -gt 0 ] && [ "$after" -gt "$before" ]
    ok $? "$*: its index grew from $before to $after entries"
    # Entries that are not in use it lists as inode 0.
    is "$(debugfs -R 'ls -p /big' image 2>/dev/null | grep -v '^/0/' |
        grep -cE '/(entry|renamed)-[0-9]*/')" 1000 "$*: and debugfs lists them"
}

# What does not fit is refused, and nothing is left half done.
test_full()
{
    make_image image 8M "$@"
    echo "create /a" | "$fs_op" image
    at=0
    while echo "fill /a $at 100000 1" | "$fs_op" image 2>log; do
        at=$((at + 100000))
    done
    grep -q 'the filesystem is full' log && [ "$at" -gt 3000000 ]
    ok $? "$*: is full after $at bytes, and says so"
    is "$(echo space | "$fs_op" -r image)" 0 "$*: and has no space"
    # Then name by name, until there is no room or no inode either.
    i=0
    while echo "symlink /$i $(printf '%0200d' 1)" | "$fs_op" image 2>log; do
        i=$((i + 1))
    done
    grep -q 'full\|no free' log
    ok $? "$*: and so after $i more links"
    printf 'fill /a 0 1000 2\ncheck\nunlink /a\ncheck\ncreate /b\n' |
        "$fs_op" image >log 2>&1 && e2fsck -fn image >fsck.log 2>&1
    ok $? "$*: writes in place, is sound, and has room again"
}

# What a guest left behind a file's end in its last block is not content when
# the file grows.
test_tail()
{
    make_image image 8M -t ext4 -b 4096
    printf 'create /a\nfill /a 0 3000 1\ncreate /b\nfill /b 0 3000 2\n' |
        "$fs_op" image
    printf 'sif /a size 10\nsif /b size 10\n' |
        debugfs -w -f - image >/dev/null 2>&1
    printf 'fill /a 5000 1 3\ntruncate /b 5001\n' | "$fs_op" image
    for name in a b; do
        is "$(debugfs -R "cat /$name" image 2>/dev/null | head -c 5000 |
            tail -c +11 | tr -d '\0' | wc -c)" 0 \
            "what was behind the end of /$name is zero when it grows"
    done
}

test_refused()
{
    make_image image 64M -t ext4 -O "$1"
    echo "create /x" | "$fs_op" image 2>log
    grep -q "has the feature '$1', and is not written by us" log
    ok $? "$1: is not written, by name"
    echo tree | "$fs_op" -r image >/dev/null
    ok $? "$1: is read"
}

make_source
sums_here src >source.sums
while read -r options; do
    # shellcheck disable=SC2086
    test_options $options
done <<'END'
-t ext2
-t ext2 -O ^filetype
-t ext3
-t ext4
-t ext4 -b 1024
-t ext4 -b 2048 -O ^64bit
-t ext4 -b 1024 -g 1024
-t ext4 -O ^metadata_csum
-t ext4 -O ^metadata_csum,uninit_bg
-t ext4 -O inline_data
-t ext4 -O inline_data -I 1024
-t ext4 -O ^extent,^64bit
-t ext4 -b 1024 -O ^extent,^64bit
-t ext4 -I 128
-t ext4 -O ^has_journal
-t ext4 -O orphan_file
-t ext4 -O ^dir_index
-t ext4 -O large_dir
-t ext4 -O meta_bg,^resize_inode
-t ext4 -O sparse_super2
-t ext4 -O ^flex_bg
-t ext4 -O metadata_csum_seed
-t ext4 -O casefold
-t ext4 -O encrypt,verity
-t ext4 -O mmp
END
test_free -t ext4
test_free -t ext4 -b 1024 -O ^flex_bg
test_free -t ext2 -b 1024
test_random -t ext4
test_random -t ext4 -b 1024 -O inline_data
test_random -t ext2 -b 1024
test_index -t ext4 -b 1024
test_index -t ext4 -b 2048 -O ^metadata_csum
test_full -t ext4 -b 1024
test_full -t ext4
test_full -t ext2 -b 1024
test_full -t ext4 -O inline_data
test_tail
test_refused quota
test_refused bigalloc
test_refused ea_inode
tap_done
