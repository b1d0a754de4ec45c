#!/bin/sh
# SPDX-License-Identifier: LGPL-3.0-or-later
# Replaying XFS's log, against the kernel's own recovery: the kernel makes the
# logs and is cut off, then one copy of the image is replayed by it and one by
# us.  Both must be the same, byte for byte, but for the log itself and the
# superblock's LSN and quota inodes, which a mount writes anew.
#
# H2K_XFS_LOG_ROUNDS=N makes that many rounds of random options and changes,
# and nothing else.
# shellcheck source=tests/tap.sh
. "$H2K_SOURCE/tests/tap.sh"
own_mounts
need mkfs.xfs xfs_io xfs_repair xfs_db xfs_logprint losetup getfattr python3
if [ "$(id -u)" -ne 0 ] || { ! grep -qw xfs /proc/filesystems &&
    ! modprobe xfs 2>/dev/null; }; then
    echo "1..0 # SKIP needs root, and XFS in the kernel"
    exit 0
fi
tool=$H2K_BUILD/tests/oracle/xfs-log-tool
fs_op=$H2K_BUILD/tests/oracle/fs-op
change=$H2K_SOURCE/tests/oracle/xfs-change.py
# The kernel's syncs take their time where the disk is busy.
work=$(mktemp -d -p /dev/shm 2>/dev/null) || work=$tap_dir
cd "$work" || exit 1
mkdir mnt
device=
release()
{
    [ -z "$device" ] && return
    umount "$device" 2>/dev/null
    losetup -d "$device"
    device=
}
trap 'release; cd /; rm -rf "$work" "$tap_dir"' EXIT

# attach IMAGE [MOUNT OPTION...]
attach()
{
    attached=$1
    shift
    device=$(losetup -f --show "$attached") || return 1
    mount -t xfs "$@" "$device" mnt && return
    release
    return 1
}

# Where two images differ, outside of the log.
cat >differ.py <<'END'
import os, struct, sys
files = [os.open(name, os.O_RDONLY) for name in sys.argv[1:3]]
sb = os.pread(files[0], 512, 0)
get = lambda f, o: struct.unpack_from('>' + f, sb, o)[0]
size, agblklog = get('I', 4), sb[124]
fsb = get('Q', 48)
start = ((fsb >> agblklog) * get('I', 84) + (fsb & (1 << agblklog) - 1)) * size
end = start + get('I', 96) * size
piece = 1 << 16
pieces = set()
for fd in files:
    at = 0
    while True:
        try:
            at = os.lseek(fd, at, os.SEEK_DATA)
        except OSError:
            break
        hole = os.lseek(fd, at, os.SEEK_HOLE)
        pieces |= set(range(at // piece, (hole + piece - 1) // piece))
        at = hole
count = 0
for at in sorted(p * piece for p in pieces):
    x, y = (os.pread(fd, piece, at) for fd in files)
    for i in range(0, len(x), 512) if x != y else ():
        p, q = bytearray(x[i:i + 512]), bytearray(y[i:i + 512])
        if at + i == 0: # crc, lsn, and how "no quota" is said
            p[224:228] = q[224:228]
            p[240:248] = q[240:248]
            p[160:176] = q[160:176]
        if p != q and not start <= at + i < end:
            count += 1
            if count < 10:
                print('# %#x %s %s' % (at + i, bytes(p[:4]), bytes(q[:4])),
                      [j for j in range(512) if p[j] != q[j]][:16])
print('# %d sectors differ' % count if count else 'same')
END

# Everything that can be seen of an image by mounting it.
tree()
{
    attach "$1" || return 1
    (
        cd mnt || exit 1
        find . -printf '%p %i %y %m %U %G %s %n %T@ %l\n' | sort
        find . -type f -print0 | sort -z | xargs -0 -r md5sum
        find . -print0 | sort -z | xargs -0 -r getfattr -h -d -m - 2>/dev/null
    )
    release
}

# What a replay leaves for the mount to release: inodes that were deleted
# while open, or are being so, and room for copies that were not yet written.
# "inodes", "room" or nothing.
leftovers()
{
    count=$(xfs_db -r -c 'sb 0' -c 'print agcount' "$1" | sed 's/.*= //')
    ag=0
    while [ "$ag" -lt "$count" ]; do
        xfs_db -r -c "agi $ag" -c 'print unlinked' "$1" |
            grep -v '^unlinked\[0-63\] = *$' | grep '[0-9]' >/dev/null &&
            echo inodes && return
        ag=$((ag + 1))
    done
    ! grep -q '^leftover CoW extent' repair.log || echo room
}

# Small ones, with small logs: mkfs.xfs makes them only for its own tests.
export TEST_DIR=. TEST_DEV=. QA_CHECK_FS=.
make_image()
{
    rm -f image
    truncate -s 160M image
    mkfs.xfs -q -f "$@" image >mkfs.log 2>&1 || {
        sed 's/^/# /' mkfs.log
        return 1
    }
}

# Kernels may be built without version 4.
v4=0
if make_image -m crc=0 && attach image 2>mount.log; then
    v4=1
    release
fi

# Several at once and much syncing: cut off in the middle of changes that are
# more than one transaction.
storm()
{
    for i in 1 2 3; do
        mkdir mnt/$i
        python3 "$change" mnt/$i $(($1 * 2 + i)) 100000 1 >change.log 2>&1 &
    done
    while [ ! -e stop ] && sync -f mnt; do :; done 2>/dev/null &
    sleep 1
    xfs_io -x -c shutdown mnt
    touch stop
    wait
    rm stop
}

# Metadata that is logged and given up, and then is a file's content: that is
# not to be overwritten.
reuse()
{
    mkdir mnt/directory
    (cd mnt/directory && seq 3000 | sed 's/$/.a-name-of-some-length/' |
        xargs touch)
    xfs_io -c fsync mnt/directory
    rm -r mnt/directory
    sync -f mnt
    sleep .2
    sync -f mnt
    tr '\0' x </dev/zero 2>/dev/null | dd of=mnt/full bs=1M 2>/dev/null
    xfs_io -c fsync mnt/full
    xfs_io -x -c shutdown mnt
}

# make_changes SEED COUNT SYNCS CUT: changes, and the end
make_changes()
{
    # shellcheck disable=SC2086
    attach image $mount_options || return 1
    [ "$2" -eq 0 ] ||
        python3 "$change" mnt "$1" "$2" "$3" >change.log 2>&1 ||
        sed 's/^/# /' change.log
    case $4 in
    storm) storm "$1" ;;
    reuse) reuse ;;
    flush) xfs_io -x -c 'shutdown -f' mnt ;;
    cut) xfs_io -x -c shutdown mnt ;;
    esac
    release
}

# compare NAME: image, replayed by the kernel, and by us alone or with what
# the driver then releases
compare()
{
    cp --sparse=always image theirs
    cp --sparse=always image ours
    # shellcheck disable=SC2086
    attach theirs -o ro $mount_options >mount.log 2>&1 && release
    mounted=$?
    if [ $mounted -ne 0 ] && [ -n "${torn:-}" ]; then
        echo "# $1: was in use already: the kernel refuses it"
        return
    fi
    if ! xfs_logprint -t image 2>/dev/null | grep -q DIRTY; then
        is "$("$tool" clean image 2>&1)" clean "$1: nothing was logged"
        return
    fi
    is "$("$tool" clean image 2>&1)" dirty "$1: is dirty"
    "$tool" replay ours 2>log
    status=$?
    if grep -q 'in the middle' log; then
        sed 's/^/# /' log
        cmp image ours
        ok $? "$1: is refused, and is as it was"
        return
    fi
    ok $((status + mounted)) "$1: is replayed"
    [ $status -eq 0 ] || sed 's/^/# /' log
    is "$("$tool" clean ours 2>&1)" clean "$1: is clean"
    xfs_repair -n ours >repair.log 2>&1
    status=$?
    python3 differ.py theirs ours >log
    if [ "$(cat log)" != same ] && [ -n "$(leftovers ours)" ]; then
        released "$1"
        return
    fi
    is "$(cat log)" same "$1: is what the kernel makes of it"
    if [ $status -ne 0 ]; then
        # An attribute that was not written to its end, in both.
        sed 's/^/# /' repair.log
        ! xfs_repair -n theirs >repair.log 2>&1
        status=$?
    fi
    ok $status "$1: xfs_repair -n finds no more than in the kernel's"
    attach ours && rm -f mnt/full && touch mnt/new && release
    ok $? "$1: can be written to by the kernel"
}

# Where the kernel goes on to release and to finish, places differ, and all
# else is the same: also what xfs_repair finds, as attributes that were not
# written to their end.
released()
{
    cp --sparse=always image ours
    echo info | "$fs_op" -r ours >log 2>&1
    grep -q 'clean=1 replayed=1' log
    status=$?
    ok $status "$1: is replayed, and what was left is released"
    [ $status -eq 0 ] || sed 's/^/# /' log
    for name in ours theirs; do
        xfs_repair -n $name 2>&1 |
            sed 's/detected at [^,]*/detected/' | sort >$name.repair
        for field in fdblocks icount ifree; do
            xfs_db -r -c 'sb 0' -c "print $field" $name
        done >$name.counts
    done
    cmp ours.repair theirs.repair
    status=$?
    ok $status "$1: xfs_repair -n finds what it does in the kernel's"
    [ $status -eq 0 ] || sed 's/^/# /' ours.repair
    cmp ours.counts theirs.counts
    ok $? "$1: as much is free"
    tree theirs >theirs.tree
    tree ours >ours.tree
    [ -s ours.tree ] && cmp ours.tree theirs.tree
    ok $? "$1: has the same files"
}

# What is tried: a name, mkfs.xfs's options, mount's, how many changes, how
# often something is synced, and how it ends.
if [ -n "${H2K_XFS_LOG_ROUNDS:-}" ]; then
    cat >rounds.py <<'END'
import random, sys
r, v4 = random.Random(int(sys.argv[1])), sys.argv[3]
for i in range(int(sys.argv[2])):
    pick = r.choice
    crc = v4 == '0' or r.random() < .8
    o, m, block = [], [], 4096
    if r.random() < .1:
        o += ['-n size=%d' % pick([8192, 16384, 65536])]
    if crc:
        o += ['-m rmapbt=%d,reflink=%d,finobt=%d,bigtime=%d,inobtcount=%d' % (
            pick([0, 1]), pick([0, 1]), 1, pick([0, 1]), pick([0, 1]))]
        block = pick([1024, 2048, 4096, 4096, 4096])
        o += ['-i size=%d,nrext64=%d' % (
            pick([s for s in (512, 512, 1024, 2048) if s * 2 <= block]),
            pick([0, 1]))]
    else:
        o += ['-m crc=0', '-n ftype=%d' % pick([0, 1])]
        block = pick([512, 1024, 4096, 4096])
        o += ['-i size=%d' % pick([s for s in (256, 512, 1024)
                                   if s * 2 <= block])]
    o += ['-b size=%d' % block]
    log = ['size=%s' % pick(['18m', '20m', '24m'])]
    old = not crc and r.random() < .4
    if old:
        log += ['version=1']
        m += ['logbsize=%s' % pick(['16k', '32k'])]
    else:
        if r.random() < .4:
            log += ['su=%s' % pick(['4k', '32k', '64k', '256k'])]
            if log[-1] == 'su=256k':
                m += ['logbsize=256k']
        elif r.random() < .5:
            m += ['logbsize=%s' % pick(['32k', '64k', '256k'])]
    if not crc:
        log += ['lazy-count=%d' % pick([0, 1, 1])]
    o += ['-l ' + ','.join(log)]
    if block == 4096 and r.random() < .2 and not old:
        o += ['-s size=4096']
    if r.random() < .2:
        o += ['-d agcount=%d' % pick([2, 4])]
    name = 'round %d of %s: %s %s' % (i, sys.argv[1], ' '.join(o), ','.join(m))
    print('|'.join([name, ' '.join(o), '-o ' + ','.join(['rw'] + m),
                    str(pick([20, 100, 300, 1500])), str(pick([0, 1, 6])),
                    pick(['flush', 'cut', 'cut', 'storm'])]))
END
    seed=${H2K_XFS_LOG_SEED:-1}
    python3 rounds.py "$seed" "$H2K_XFS_LOG_ROUNDS" "$v4" >cases
    seed=$((seed * 10000))
else
    seed=0
    cat >cases <<'END'
a flushed log|||150|3|flush
large buffers||-o logbsize=256k|150|3|cut
a log that wraps|-l size=10m||2500|1|cut
every feature|-m rmapbt=1,reflink=1,bigtime=1 -i nrext64=1 -n size=8k||300|3|cut
no feature|-m rmapbt=0,reflink=0,bigtime=0,finobt=0,inobtcount=0 -i sparse=0||200|3|cut
blocks of 1 KiB|-b size=1024 -n size=4096||200|3|cut
blocks used again|-d agcount=2||0|0|reuse
many at once|-m rmapbt=1,reflink=1||0|0|storm
large inodes, and sectors|-i size=2048 -s size=4096||150|3|cut
a stripe unit|-l su=256k|-o logbsize=256k|150|6|cut
END
    [ $v4 -eq 0 ] || cat >>cases <<'END'
version 4|-m crc=0||150|3|cut
version 4, log version 1|-m crc=0 -l version=1|-o logbsize=32k|150|3|cut
version 4, no lazy counters|-m crc=0 -b size=512 -i size=256 -l lazy-count=0||150|3|cut
END
fi

while IFS='|' read -r name options mount_options count syncs cut; do
    seed=$((seed + 1))
    # shellcheck disable=SC2086
    if make_image $options && make_changes $seed "$count" "$syncs" "$cut"; then
        compare "$name"
    else
        ok 1 "$name: is made"
    fi
done <cases

# Buffers that were on their way when it stopped: missing, in part or
# damaged.  What is before them counts.
cat >tear.py <<'END'
import struct, sys
name, at, count, byte = sys.argv[1], *map(int, sys.argv[2:5])
with open(name, 'r+b') as f:
    sb = f.read(512)
    get = lambda fmt, o: struct.unpack_from('>' + fmt, sb, o)[0]
    fsb, agblklog = get('Q', 48), sb[124]
    block = (fsb >> agblklog) * get('I', 84) + (fsb & (1 << agblklog) - 1)
    f.seek(block * get('I', 4) + at * 512 + 8)
    old = f.read(count * 512 - 8)
    f.seek(-len(old), 1)
    f.write(bytes(len(old)) if byte == 0 else bytes([old[0] ^ byte]) + old[1:])
    if byte == 0:
        f.seek(-len(old) - 8, 1)
        f.write(bytes(8))
END
if [ -z "${H2K_XFS_LOG_ROUNDS:-}" ]; then
    mount_options='-o logbsize=32k'
    make_image && make_changes 101 250 9 cut
    cp --sparse=always image whole
    ends=$(xfs_logprint -t image 2>/dev/null |
        sed -n 's/.* tail: \([0-9]*\) head: \([0-9]*\).*/\1 \2/p')
    tail=${ends% *} head=${ends#* } torn=1
    while IFS='|' read -r name back count byte; do
        cp --sparse=always whole image
        python3 tear.py image $((head - back)) "$count" "$byte"
        compare "$name"
    done <<'END'
the last sectors are missing|3|3|0
the last records are missing|300|300|0
a hole before the end|150|8|0
a damaged record at the end|6|1|1
END
    # Not among the last eight records, of 64 sectors at most.
    if [ $((head - tail)) -gt 600 ]; then
        cp --sparse=always whole image
        python3 tear.py image $((tail + 1)) 1 1
        cp --sparse=always image ours
        "$tool" replay ours 2>log
        grep -q '^log: .*; run xfs_repair on it first' log
        ok $? "damage further before is told"
        cmp image ours
        ok $? "and left as it is"
        ! attach ours 2>mount.log
        ok $? "as by the kernel"
    fi

    # By the driver.
    cp --sparse=always whole ours
    echo info | "$fs_op" -R ours >log 2>&1
    grep -q 'log must be replayed, and the volume is read-only' log
    ok $? "a volume that is read-only is refused"
    cmp whole ours
    ok $? "and not written to"
    echo info | "$fs_op" -r ours >log 2>&1
    grep -q 'clean=1 replayed=1' log
    ok $? "one that can be written to is replayed"
    echo "# matrix: xfs | unclean log | read, write"
    [ $v4 -eq 0 ] || echo "# matrix: xfs | unclean log, version 4 | read, write"
fi
tap_done
