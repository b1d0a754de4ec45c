#!/bin/sh
# SPDX-License-Identifier: LGPL-3.0-or-later
# Replaying XFS's log, against the kernel's own recovery: the kernel makes the
# logs and is cut off, then one copy of the image is replayed by it and one by
# us.  Both must be the same, byte for byte, but for the log itself and the
# superblock's LSN.
#
# H2K_XFS_LOG_ROUNDS=N makes that many rounds of random options and changes,
# and nothing else.
# shellcheck source=tests/tap.sh
. "$H2K_SOURCE/tests/tap.sh"
need mkfs.xfs xfs_io xfs_repair xfs_db losetup getfattr python3
if [ "$(id -u)" -ne 0 ] || { ! grep -qw xfs /proc/filesystems &&
    ! modprobe xfs 2>/dev/null; }; then
    echo "1..0 # SKIP needs root, and XFS in the kernel"
    exit 0
fi
tool=$H2K_BUILD/tests/oracle/xfs-log-tool
change=$H2K_SOURCE/tests/oracle/xfs-change.py
cd "$tap_dir" || exit 1
mkdir mnt
device=
release()
{
    [ -z "$device" ] && return
    umount "$device" 2>/dev/null
    losetup -d "$device"
    device=
}
trap 'release; cd /; rm -rf "$tap_dir"' EXIT

# attach IMAGE [MOUNT OPTION...]
attach()
{
    attached=$1
    shift
    device=$(losetup -f --show "$attached") &&
        mount -t xfs "$@" "$device" mnt
}

# Where two images differ, outside of the log.
cat >differ.py <<'END'
import struct, sys
a, b = (open(name, 'rb') for name in sys.argv[1:3])
sb = a.read(512)
get = lambda f, o: struct.unpack_from('>' + f, sb, o)[0]
size, agblklog = get('I', 4), sb[124]
fsb = get('Q', 48)
start = ((fsb >> agblklog) * get('I', 84) + (fsb & (1 << agblklog) - 1)) * size
end = start + get('I', 96) * size
a.seek(0)
at = count = 0
while True:
    x, y = a.read(1 << 20), b.read(1 << 20)
    if not x:
        break
    for i in range(0, len(x), 512) if x != y else ():
        p, q = bytearray(x[i:i + 512]), bytearray(y[i:i + 512])
        if at + i == 0: # crc and lsn
            p[224:228] = q[224:228]
            p[240:248] = q[240:248]
        if p != q and not start <= at + i < end:
            count += 1
            if count < 10:
                print('# %#x %s %s' % (at + i, bytes(p[:4]), bytes(q[:4])),
                      [j for j in range(512) if p[j] != q[j]][:16])
    at += len(x)
print('# %d sectors differ' % count if count else 'same')
END

tree()
{
    attach "$1" -o "${2:-ro}" || return 1
    (
        cd mnt || exit 1
        find . -printf '%p %i %y %m %U %G %s %n %T@ %l\n' | sort
        find . -type f -print0 | sort -z | xargs -0 -r md5sum
        find . -print0 | sort -z | xargs -0 -r getfattr -h -d -m - 2>/dev/null
    )
    release
}

# Inodes that were deleted while open, or are being so, and extents for
# copies that were not yet written: the kernel goes on to release them.
has_leftovers()
{
    count=$(xfs_db -r -c 'sb 0' -c 'print agcount' "$1" | sed 's/.*= //')
    ag=0
    while [ "$ag" -lt "$count" ]; do
        xfs_db -r -c "agi $ag" -c 'print unlinked' "$1" |
            grep -v '^unlinked\[0-63\] = *$' | grep -q '[0-9]' && return 0
        ag=$((ag + 1))
    done
    return 1
}

make_image()
{
    rm -f image
    truncate -s 320M image
    mkfs.xfs -q -f "$@" image >mkfs.log 2>&1 || {
        sed 's/^/# /' mkfs.log
        return 1
    }
}

# make_changes SEED COUNT SYNCS CUT: changes, and the end
make_changes()
{
    # shellcheck disable=SC2086
    attach image $mount_options || return 1
    python3 "$change" mnt "$1" "$2" "$3" >change.log 2>&1 ||
        sed 's/^/# /' change.log
    case $4 in
    flush) xfs_io -x -c 'shutdown -f' mnt ;;
    cut) xfs_io -x -c shutdown mnt ;;
    esac
    release
}

# compare NAME: image, replayed by the kernel and by us
compare()
{
    cp --sparse=always image theirs
    cp --sparse=always image ours
    # shellcheck disable=SC2086
    attach theirs -o ro $mount_options >mount.log 2>&1
    mounted=$?
    release
    is "$("$tool" clean image 2>&1)" "${expected:-dirty}" \
        "$1: is ${expected:-dirty}"
    if ! "$tool" replay ours 2>log; then
        sed 's/^/# /' log
        if grep -q 'cut off in the middle' log; then
            cmp image ours
            ok $? "$1: has unfinished intents: it is as it was"
        else
            ok 1 "$1: is replayed"
        fi
        return
    fi
    ok $mounted "$1: is replayed"
    is "$("$tool" clean ours 2>&1)" clean "$1: is clean"
    if ! has_leftovers ours; then
        python3 differ.py theirs ours >log
        is "$(cat log)" same "$1: is what the kernel makes of it"
        xfs_repair -n ours >log 2>&1
        status=$?
        ok $status "$1: xfs_repair -n finds nothing"
        [ $status -eq 0 ] || sed 's/^/# /' log
    else
        echo "# has unlinked inodes"
    fi
    tree theirs >theirs.tree
    tree ours >ours.tree
    [ -s ours.tree ] && cmp ours.tree theirs.tree
    ok $? "$1: has the same files"
    tree ours rw >ours.tree2
    cmp ours.tree ours.tree2
    ok $? "$1: can be written to by the kernel"
}

seed=0
while IFS='|' read -r name options mount_options syncs cut; do
    seed=$((seed + 1))
    # shellcheck disable=SC2086
    if make_image $options && make_changes $seed 150 "$syncs" "$cut"; then
        compare "$name"
    else
        ok 1 "$name: is made"
    fi
done <<'END'
v2||-o relatime|3|flush
v2, cut||-o relatime|3|cut
END
tap_done
