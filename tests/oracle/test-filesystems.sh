#!/bin/sh
# SPDX-License-Identifier: LGPL-3.0-or-later
# Guests on filesystems that only Linux itself writes: through libguestfs'
# appliance, by emulation, judged by their own checkers and by guestfish, which
# makes the trees and reads them again.  Five starts of it in all.
set -u
. "$H2K_SOURCE/tests/tap.sh"
PATH=$PATH:/sbin:/usr/sbin
hyper2kvm=$H2K_BUILD/hyper2kvm
need guestfish jq qemu-img sha256sum tar mkfs.jfs jfs_tune fsck.jfs mkfs.f2fs \
    sload.f2fs fsck.f2fs mkfs.nilfs2 mkreiserfs reiserfsck mkfs.xfs xfs_db \
    xfs_repair
cd "$tap_dir" || exit 1
export LIBGUESTFS_BACKEND=direct LIBGUESTFS_BACKEND_SETTINGS=force_tcg

if nm "$hyper2kvm" 2>/dev/null | grep -q '__asan_init\|__tsan_init'; then
    echo '1..0 # SKIP the appliance is not run by a sanitizer'"'"'s build'
    exit 0
fi
if "$hyper2kvm" --version | grep -q 'other filesystems: libguestfs [0-9]'; then :
else
    need libguestfs0
fi

MIB=1048576
BOOT=2 ROOT=$((2 + 130 + 2)) # MiB, where /boot is large
XFS_ROOT=$((2 + 12 + 2))

# ---- Three guests ----

tiny() # NAME ROOT BOOT
{
    TINY_ROOT=$2 TINY_BOOT=$3 sh "$H2K_SOURCE/tests/tiny-guest.sh" "$1.raw"
}
tiny one jfs f2fs && tiny two nilfs2 reiserfs && tiny three xfs ext4
ok $? 'guests on jfs, f2fs, nilfs2, reiserfs and XFS'

timeout 280 guestfish >fill.log 2>&1 <<END
add one.raw format:raw
add two.raw format:raw
add three.raw format:raw
run
mount /dev/sda4 /
tar-in one.raw.root.tar /
umount /
mount /dev/sdb4 /
tar-in two.raw.root.tar /
umount /
mount /dev/sdb2 /
tar-in two.raw.boot.tar /
umount /
mount /dev/sdc4 /
tar-in three.raw.root.tar /
umount /
END
status=$?
ok $status 'which Linux fills'
[ $status -eq 0 ] || sed 's/^/# /' fill.log

# Some kernels disagreed about the length of this list; the next one makes it
# anew when it mounts and writes.
part() # NAME MiB SIZE
{
    dd if="$1" of=part bs=1M skip="$2" count="$3" status=none
}
part three.raw $XFS_ROOT 320
xfs_db -x -c 'agf 3' -c 'write fllast 7' part >/dev/null 2>&1
dd if=part of=three.raw bs=1M seek=$XFS_ROOT conv=notrunc status=none

# ---- FIX ----

fixed() # NAME TYPES
{
    sha256sum "$1.raw" >"$1.sum"
    timeout 280 "$hyper2kvm" "$1.raw" --output-dir "$1" >"$1.log" 2>&1
    status=$?
    ok $status "$2: the guest is fixed"
    [ $status -eq 0 ] || tail -n 8 "$1.log" | sed 's/^/# /'
    sha256sum --quiet -c "$1.sum"
    ok $? "$2: its source is as it was"
    qemu-img convert -O raw "$1/$1.qcow2" "$1.fixed"
}
fixed one 'jfs, f2fs'
fixed two 'nilfs2, reiserfs'
fixed three 'XFS, a free list out of order'
is "$(jq -c '.pipeline.stages.fix.result.libguestfs.filesystems' one/report.json)" \
    '["disk-0 partition 2","disk-0 partition 4"]' 'libguestfs wrote both'
grep -q 'free list is not in order.*; only libguestfs would write to it' three.log
ok $? 'XFS: a warning says what is out of order'

# ---- What became of it ----

part one.fixed $ROOT 199
fsck.jfs -n part >check.log 2>&1
ok $? 'fsck.jfs finds nothing'
part one.fixed $BOOT 130
fsck.f2fs --dry-run part >check.log 2>&1
is "$? $(grep -c '\[Fail\]' check.log)" '0 0' 'nor does fsck.f2fs'
part two.fixed $BOOT 130
reiserfsck --check -q -y part >check.log 2>&1
is "$? $(grep -c 'No corruptions found' check.log)" '0 1' 'nor does reiserfsck'
part three.fixed $XFS_ROOT 320
xfs_repair -n part >check.log 2>&1
grep -qE 'agfl|would' check.log
is "$?" 1 'nor does xfs_repair: the list is in order now'

timeout 280 guestfish --ro >read.log 2>&1 <<END
add one.fixed format:raw
add two.fixed format:raw
add three.fixed format:raw
run
mount-ro /dev/sda4 /
mount-ro /dev/sda2 /boot
cat /etc/fstab
cat /boot/grub/grub.cfg
umount-all
mount-ro /dev/sdb4 /
mount-ro /dev/sdb2 /boot
cat /etc/fstab
cat /boot/grub/grub.cfg
umount-all
mount-ro /dev/sdc4 /
cat /etc/fstab
END
status=$?
is "$status $(grep -c '^UUID=' read.log) $(grep -c 'root=UUID=' read.log)" \
    '0 9 2' 'Linux reads what was changed on all of them'
for type in jfs f2fs nilfs2 reiserfs; do
    echo "# matrix: $type | a guest, by the whole pipeline | libguestfs"
done
echo '# matrix: xfs | a free list that is out of order | read, libguestfs'

# ---- What Linux does not mount either ----

part three.raw $XFS_ROOT 320
xfs_db -x -c 'agf 3' -c 'write -d freeblks 99999999' part >/dev/null 2>&1
dd if=part of=three.raw bs=1M seek=$XFS_ROOT conv=notrunc status=none
timeout 280 "$hyper2kvm" three.raw --output-dir four >log 2>&1
[ $? -ne 0 ]
ok $? 'XFS, a damaged header: an error'
grep -q '^hyper2kvm: .*header of an AG.*is damaged (.*); run xfs_repair on it first' log
status=$?
ok $status 'which says what is damaged, and what to do'
[ $status -eq 0 ] || tail -n 4 log | cut -c 1-500 | sed 's/^/# /'
ls four/*.qcow2 >/dev/null 2>&1
[ $? -ne 0 ]
ok $? 'and nothing is published'
echo '# matrix: xfs | a damaged AG header | read, write=refused, libguestfs=refused'
tap_done
