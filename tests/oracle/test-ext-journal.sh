#!/bin/sh
# SPDX-License-Identifier: LGPL-3.0-or-later
# Replaying journals and releasing orphans, against e2fsck's own.
#
# debugfs writes the journals: the blocks in which an image differs from what
# it was made into are put into transactions, so that replaying makes one
# into the other.
# shellcheck source=tests/tap.sh
. "$H2K_SOURCE/tests/tap.sh"
need mke2fs e2fsck debugfs dumpe2fs python3
fs_op=$H2K_BUILD/tests/oracle/fs-op
cd "$tap_dir" || exit 1

# Tells on stdout which blocks of 1 KiB differ between two images, COUNT a
# line, and writes the second's in files called NAME.0, NAME.1 …; the first
# 1024 bytes and the superblock are left out.
cat >differ.py <<'END'
import sys
old, new = (open(name, 'rb').read() for name in sys.argv[1:3])
name, count = sys.argv[3], int(sys.argv[4])
blocks = [i for i in range(2, len(old) // 1024)
          if old[i * 1024:i * 1024 + 1024] != new[i * 1024:i * 1024 + 1024]]
for part, at in enumerate(range(0, len(blocks), count)):
    some = blocks[at:at + count]
    print(','.join(map(str, some)))
    with open('%s.%d' % (name, part), 'wb') as out:
        for i in some:
            out.write(new[i * 1024:i * 1024 + 1024])
END

# Changes the journal in place: "rotate N" moves the ring's content, "number
# N" sets the next transaction's, "flip N BYTE" damages a block of the log.
cat >journal.py <<'END'
import struct, subprocess, sys
image, verb, value = sys.argv[1], sys.argv[2], int(sys.argv[3])
listed = subprocess.run(['debugfs', '-R', 'blocks <8>', image],
                        capture_output=True, text=True).stdout.split()
# Indirect blocks are listed before what they map, and are not of the log.
blocks = [int(b) for b in listed]
length = 1024
data = bytearray(open(image, 'rb').read())
if len(blocks) > length:
    # The block map: 12 direct ones, an indirect one and 256 of its, a double
    # indirect one and those of its indirect ones.
    plain = blocks[:12] + blocks[13:13 + 256]
    rest = blocks[13 + 256 + 1:]
    while rest:
        plain += rest[1:257]
        rest = rest[257:]
    blocks = plain
assert len(blocks) == length
def get(i): return bytes(data[blocks[i] * 1024:blocks[i] * 1024 + 1024])
def put(i, b): data[blocks[i] * 1024:blocks[i] * 1024 + 1024] = b
head = bytearray(get(0))
first = struct.unpack('>I', head[20:24])[0]
if verb == 'rotate':
    ring = [get(i) for i in range(first, length)]
    for i, b in enumerate(ring):
        put(first + (i + value) % len(ring), b)
    start = struct.unpack('>I', head[28:32])[0]
    start = first + (start - first + value) % len(ring)
    head[28:32] = struct.pack('>I', start)
elif verb == 'number':
    head[24:28] = struct.pack('>I', value)
else:
    b = bytearray(get(value))
    b[int(sys.argv[4])] ^= 0xff
    put(value, b)
put(0, head)
open(image, 'wb').write(data)
END

# image is as it was, wanted what the journal will make of it.
make_images()
{
    rm -f image wanted
    truncate -s 8M image
    mke2fs -q -F -b 1024 -N 256 -J size=1 -d before "$@" image >mke2fs.log 2>&1
    cp image wanted
    {
        echo 'rm /goes'
        for i in $(seq 40); do
            echo "write after/file$i file$i"
            echo "symlink link$i /target/$i"
            echo "mkdir dir$i"
        done
        # A block that begins as the journal's own do.
        echo 'write after/magic magic'
    } | debugfs -w -f - wanted >debugfs.log 2>&1
}

# The difference in transactions of COUNT blocks, between them one that
# is revoked, behind them one that was never committed.
write_journal()
{
    count=$1
    shift
    python3 differ.py image wanted part "$count" >lists
    stays=$(debugfs -R 'blocks /stays' image 2>/dev/null | cut -d ' ' -f 1)
    # Version 1 of checksums: debugfs counts a revocation, the kernel not.
    revoke="jw -r $stays"
    [ "$*" != -c ] || revoke=
    {
        echo "jo $*"
        [ -z "$revoke" ] || echo "jw -b $stays after/magic"
        part=0
        while read -r list; do
            echo "jw -b $list part.$part"
            part=$((part + 1))
        done <lists
        echo "$revoke"
        echo "jw -c -b $stays after/file2"
        echo jc
    } | debugfs -w -f - image >debugfs.log 2>&1
}

same_as_e2fsck()
{
    cp image theirs
    cp image ours
    e2fsck -fy theirs >theirs.log 2>&1
    echo info | "$fs_op" -r ours >log 2>&1
    grep -q 'clean=1 replayed=1' log
    status=$?
    ok $status "$1: is replayed"
    [ $status -eq 0 ] || sed 's/^/# /' log debugfs.log
    e2fsck -fn ours >fsck.log 2>&1
    status=$?
    ok $status "$1: e2fsck -fn finds nothing"
    [ $status -eq 0 ] || sed 's/^/# /' fsck.log
    for name in theirs ours wanted; do
        echo tree | "$fs_op" -R $name >$name.tree 2>/dev/null
        # What may differ: times of checking, and counts of mounting.
        dumpe2fs $name 2>/dev/null |
            grep -E 'UUID|features:|Free|count:|: +[0-9]+-|Journal (seq|start)' |
            grep -vE 'Mount count|needs_recovery' >$name.dump
    done
    [ -s ours.tree ] && cmp ours.tree theirs.tree && cmp ours.dump theirs.dump
    ok $? "$1: is what e2fsck makes of it"
    cmp ours.tree wanted.tree
    ok $? "$1: is what was written to the journal"
}

mkdir before after
echo "goes away" >before/goes
echo "stays as it is" >before/stays
# debugfs's "jw" wants whole blocks.
printf '\300\073\071\230%01020d' 1 >after/magic
for i in $(seq 40); do seq "$i" 900 >"after/file$i"; done

while IFS='|' read -r name options count journal; do
    # shellcheck disable=SC2086
    make_images $options
    # shellcheck disable=SC2086
    write_journal $count $journal
    same_as_e2fsck "$name"
done <<'END'
ext3|-t ext3|50|
ext4|-t ext4 -O ^metadata_csum|50|
ext4, long transactions|-t ext4 -O ^metadata_csum|400|
ext4, 32 bits|-t ext4 -O ^metadata_csum,^64bit|70|
ext4, checksums version 3|-t ext4|50|-c -v 3
ext4, checksums version 3, long|-t ext4|400|-c -v 3
ext4, checksums version 2|-t ext4|50|-c -v 2
ext4, checksums version 2, 32 bits|-t ext4 -O ^64bit|50|-c -v 2
ext4, checksums version 1|-t ext4 -O ^metadata_csum|50|-c
END

make_images -t ext3
python3 journal.py image number 4294967294
write_journal 60
same_as_e2fsck "numbers that wrap"

make_images -t ext4 -O ^metadata_csum
write_journal 60
for by in 900 50 71; do
    python3 journal.py image rotate $by
    same_as_e2fsck "a ring that wraps ($by)"
done

# What we refuse stays as it was.
make_images -t ext4
write_journal 60 -c -v 3
python3 journal.py image flip 4 100
cp image ours
echo info | "$fs_op" -r ours 2>log
grep -q 'journal: transaction .*checksum is wrong; run e2fsck' log
ok $? "a damaged block is named"
cp image ours
echo info | "$fs_op" -R ours 2>log
grep -q 'journal must be replayed, and the volume is read-only' log
ok $? "a volume that is read-only is refused"
cmp image ours
ok $? "and not written to"

# Orphans: a file and a directory that were deleted while open, one that was
# being truncated; all blocks come back.
orphans()
{
    make_images "$@"
    number() { debugfs -R "stat $1" wanted 2>/dev/null |
        sed -n 's/^Inode: \([0-9]*\).*/\1/p'; }
    a=$(number /file3) b=$(number /file7) c=$(number /file9)
    {
        echo "unlink /file3"
        echo "unlink /file7"
        echo "sif <$a> links_count 0"
        echo "sif <$b> links_count 0"
        echo "sif /file9 size 100"
    } | debugfs -w -f - wanted >debugfs.log 2>&1
    cp wanted image
}

same_orphans()
{
    cp image theirs
    cp image ours
    e2fsck -fy theirs >theirs.log 2>&1
    echo info | "$fs_op" ours >log 2>&1
    e2fsck -fn ours >fsck.log 2>&1
    status=$?
    ok $status "$1: e2fsck -fn finds nothing"
    [ $status -eq 0 ] || sed 's/^/# /' log fsck.log
    for name in theirs ours; do
        echo tree | "$fs_op" -R $name >$name.tree 2>/dev/null
        dumpe2fs $name 2>/dev/null | grep -E 'features|Free' >$name.dump
    done
    grep -q '^/file9 .*size=100 ' ours.tree &&
        ! grep -q '^/file[37] ' ours.tree && cmp ours.tree theirs.tree &&
        cmp ours.dump theirs.dump
    ok $? "$1: is what e2fsck makes of it"
}

orphans -t ext4
printf 'sif <%s> dtime @%d\nsif <%s> dtime @%d\nssv last_orphan %s\n' \
    "$a" "$b" "$b" "$c" "$a" | debugfs -w -f - image >debugfs.log 2>&1
same_orphans "a list of orphans"

printf 'sif <%s> dtime @%d\n' "$c" "$a" |
    debugfs -w -f - image >debugfs.log 2>&1
echo info | "$fs_op" image 2>log
grep -q 'is listed as deleted and is not in use' log
ok $? "a list in circles ends"

orphans -t ext4 -O ^metadata_csum,orphan_file
file=$(dumpe2fs -h image 2>/dev/null | sed -n 's/^Orphan file inode: *//p')
block=$(debugfs -R "blocks <$file>" image 2>/dev/null | cut -d ' ' -f 1)
python3 - image "$block" "$a" "$b" "$c" <<'END'
import struct, sys
with open(sys.argv[1], 'r+b') as image:
    image.seek(int(sys.argv[2]) * 1024 + 8)
    image.write(struct.pack('<3I', *map(int, sys.argv[3:6])))
END
debugfs -w -R 'feature orphan_present' image >/dev/null 2>&1
same_orphans "a file of orphans"
echo '# matrix: ext2, ext3, ext4 | unclean journal | read=as e2fsck, write'
tap_done
