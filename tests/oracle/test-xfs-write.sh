#!/bin/sh
# SPDX-License-Identifier: LGPL-3.0-or-later
# Writing to XFS: what we changed passes xfs_repair -n, and the kernel's own
# mount shows what we show; then the kernel changes it further.
#
# H2K_XFS_ROUNDS=N makes N rounds of random changes on each filesystem instead
# of 1, and H2K_XFS_EVERY=N judges after every N changes instead of 120.
# shellcheck source=tests/tap.sh
. "$H2K_SOURCE/tests/tap.sh"
own_mounts
need mkfs.xfs xfs_repair python3
fs_op=$H2K_BUILD/tests/oracle/fs-op
tools=$H2K_SOURCE/tests/oracle
rounds=${H2K_XFS_ROUNDS:-1}
every=${H2K_XFS_EVERY:-120}
# The kernel's syncs take their time where the disk is busy.
work=$(mktemp -d -p /dev/shm 2>/dev/null) || work=$tap_dir
cd "$work" || exit 1
mkdir mnt
trap 'mountpoint -q mnt && ./unmount; cd /; rm -rf "$work" "$tap_dir"' EXIT
# mkfs.xfs makes small ones, with small logs, only for xfstests.
export TEST_DIR=mnt TEST_DEV=image QA_CHECK_FS=1

# Can the kernel be a judge?  It may have no XFS, or not that of version 4.
kernel=
[ "$(id -u)" -eq 0 ] && { grep -qw xfs /proc/filesystems ||
    modprobe xfs 2>/dev/null; } && kernel=yes
[ -n "$kernel" ] || echo "# without root and XFS in the kernel: no mounts"

# Whoever else looks at all mounts may be in this one for a moment.
cat >unmount <<'END'
#!/bin/sh
for i in 1 2 3 4 5 6 7 8 9; do
    umount mnt 2>/dev/null && exit
    sleep 0.5
done
umount mnt
END

# The judge of an image: xfs_repair, and the kernel, which must see the tree
# that we see.
cat >judge <<END
#!/bin/sh
xfs_repair -n "\$1" >repair.log 2>&1 || {
    tail -n 20 repair.log
    exit 1
}
[ -e no-kernel ] && exit 0
echo tree | "$fs_op" -r "\$1" >ours.tree || exit 1
mount -t xfs -o loop,ro "\$1" mnt || exit 1
python3 "$tools/tree-list.py" mnt >kernel.tree
status=\$?
./unmount || exit 1
[ \$status -eq 0 ] && cmp ours.tree kernel.tree && exit
diff ours.tree kernel.tree | cut -c 1-300 | head -n 6
exit 1
END
chmod +x judge unmount

# make_image MKFS...; no-kernel is there when the kernel has no such XFS.
make_image()
{
    rm -f image no-kernel
    truncate -s "$size" image
    mkfs.xfs -q -f "$@" image >mkfs.log 2>&1 || {
        sed 's/^/# /' mkfs.log
        return 1
    }
    [ -n "$kernel" ] && mount -t xfs -o loop image mnt 2>/dev/null &&
        ./unmount && return
    : >no-kernel
}

# with_kernel COMMAND...: in the mounted image
with_kernel()
{
    mount -t xfs -o loop image mnt && (cd mnt && "$@")
    kernel_status=$?
    ./unmount && return $kernel_status
}

# judged STATUS NAME: shows the log of what failed
judged()
{
    ok "$1" "$2"
    [ "$1" -eq 0 ] || { tail -n 12 log | cut -c 1-300 | sed 's/^/# /'; }
}

# matrix FEATURES: "a + b"
matrix() { echo "$1" | sed 's/ + /\n/g' | sed 's/.*/# matrix: xfs | & | write/'; }

# What FIX does to a guest, and more.
cat >fix <<'END'
mkdir /etc
mkdir /boot 0700
create /etc/fstab 0640
fill /etc/fstab 0 100000 7
fill /etc/fstab 250000 5000 8
truncate /etc/fstab 200000
chmod /etc/fstab 0600
chown /etc/fstab 70000 80000
mtime /etc/fstab 1700000000
setxattr /etc/fstab security.selinux system_u:object_r:etc_t:s0
setxattr /etc/fstab trusted.big 3000 5
setxattr /etc/fstab trusted.huge 60000 6
setxattr /boot security.selinux system_u:object_r:boot_t:s0
symlink /etc/short target
create /boot/initrd
fill /boot/initrd 0 3000000 1
create /boot/initrd.new
fill /boot/initrd.new 0 2000000 2
rename /boot/initrd.new /boot/initrd
rename /boot/initrd /etc/moved
rename /etc/moved /boot/initrd
create /etc/empty
unlink /etc/short
! create /etc/fstab
! mkdir /etc/fstab/below
! unlink /etc
! rename /nothing /something
! setxattr /etc/fstab nonsense value
END
printf 'symlink /etc/long /%0900d\nsymlink /etc/longest /%01022d\n' 1 1 >>fix
printf '! symlink /etc/toolong /%01023d\nrun ./judge\n' 1 >>fix

test_options()
{
    name=$1
    shift
    make_image "$@" || { ok 1 "mkfs.xfs $*"; return; }
    "$fs_op" image <fix >log 2>&1
    status=$?
    judged $status "$name: what FIX does"
    make_image "$@"
    for i in $(seq "$rounds"); do
        echo "random $i$seed $every"
        echo "run ./judge"
    done | "$fs_op" image >log 2>&1
    random_status=$?
    seed=$((seed + 1))
    judged $random_status "$name: random changes as a model has them"
    [ $((status + random_status)) -eq 0 ] && matrix "$name"
}

# ---- Directories ----

# names FROM TO: of all lengths
names()
{
    seq "$1" "$2" | awk '{
        n = $1 % 7 == 0 ? 200 : $1 % 5 * 8
        printf "name%d-", $1
        while (n-- > 0) printf "x"
        print ""
    }'
}

# The kernel's own changes of the same directory, and ours after it.
kernel_goes_on()
{
    [ -e no-kernel ] && return
    with_kernel sh -c "cd d && seq 300 | sed 's,^,kernel-,' | xargs touch &&
        seq 3 3 300 | sed 's,^,kernel-,' | xargs rm &&
        for i in \$(seq 1 3 300); do mv kernel-\$i moved-by-it-\$i; done &&
        ls | awk '!/kernel/ && NR % 4 == 1' | xargs rm" >log 2>&1
    judged $? "$1: the kernel changes it further"
    ./judge image >log
    judged $? "$1: and finds no fault, nor does xfs_repair"
    {
        seq 2 3 300 | sed 's,.*,rename /d/kernel-& /d/by-us-&,'
        echo "run ./judge"
    } | "$fs_op" image >log 2>&1
    judged $? "$1: and then we again"
}

# Every form of a directory, there and back.
test_directory()
{
    name=$1
    count=$2
    shift 2
    make_image "$@"
    {
        echo "mkdir /d"
        names 1 3 | sed 's,^,create /d/,'
        echo "run ./judge"
        names 4 30 | sed 's,^,create /d/,'
        echo "run ./judge"
        names 31 200 | sed 's,^,create /d/,'
        names 201 "$count" | sed 's,^,create /d/,'
        echo "run ./judge"
        names 1 "$count" | awk 'NR % 3 == 0 { print "unlink /d/" $0 }'
        names 1 "$count" |
            awk 'NR % 3 == 1 { print "rename /d/" $0 " /d/" NR "-" $0 }'
        echo "run ./judge"
    } | "$fs_op" image >log 2>&1
    judged $? "$name: $count names"
    kernel_goes_on "$name"
    {
        echo tree | "$fs_op" -r image | grep '^/d/' |
            sed 's/^\([^ ]*\).*/unlink \1/'
        echo "run ./judge"
        names 1 500 | sed 's,^,create /d/again-,'
        echo "run ./judge"
    } >script
    "$fs_op" image <script >log 2>&1
    judged $? "$name: all of them removed, and others added"
    {
        names 1 500 | sed 's,^,unlink /d/again-,'
        echo "run ./judge"
    } | "$fs_op" image >log 2>&1
    judged $? "$name: and removed again"
    [ -e no-kernel ] || with_kernel rmdir d >log 2>&1
    judged $? "$name: the kernel finds it empty"
}

# A directory that the kernel made, of COUNT names.
test_kernels_directory()
{
    name="a directory of $1 names by the kernel"
    count=$1
    shift
    make_image "$@"
    [ -e no-kernel ] && return
    with_kernel sh -c "mkdir d; seq $count | sed 's,^,d/theirs-,' | xargs touch
        seq 2 5 $count | sed 's,^,d/theirs-,' | xargs rm -f"
    {
        seq 1 5 "$count" | sed 's,.*,unlink /d/theirs-&,'
        names 1 "$count" | sed 's,^,create /d/,'
        seq 3 5 "$count" | sed 's,.*,rename /d/theirs-& /d/ours-&-longer,'
        echo "run ./judge"
    } | "$fs_op" image >log 2>&1
    judged $? "$name: is changed"
}

# Names of one hash fill leaf after leaf.
test_collisions()
{
    name=$1
    shift
    make_image "$@"
    python3 "$tools/xfs-names.py" 1500 1 >names
    {
        echo "mkdir /d"
        names 1 100 | sed 's,^,create /d/,'
        sed 's,^,create /d/,' names
        echo "run ./judge"
        awk 'NR % 2 { print "unlink /d/" $0 }' names
        echo "run ./judge"
        awk 'NR % 4 == 1 { print "create /d/" $0 }' names
        awk 'NR % 4 == 0 { print "rename /d/" $0 " /d/" $0 "-" }' names
        echo "run ./judge"
    } | "$fs_op" image >log 2>&1
    judged $? "$name: 1500 names of one hash"
    kernel_goes_on "$name, names of one hash"
}

# ---- Attributes ----

cat >attributes.py <<'END'
import os
for path in 'f', 'd':
    for i, name in enumerate(os.listxattr(path)):
        if i % 3 == 0:
            os.removexattr(path, name)
        if i % 3 == 1:
            os.setxattr(path, name, b'k' * (i * 53 % 4000))
    for i in range(30):
        os.setxattr(path, 'user.kernel%d' % i, b'k' * (i * 331))
END

test_attributes()
{
    name=$1
    shift
    make_image "$@"
    {
        echo "create /f"
        echo "mkdir /d"
        echo "symlink /l $(printf '%0150d' 1)"
        for size in 0 1 30 100 255 256 1000 3000 3071 3072 3073 4000 4096 \
            10000 65535 65536; do
            for file in f d l; do
                echo "setxattr /$file trusted.size$size $size 3"
            done
        done
        echo "run ./judge"
        for size in 65536 10 5000 0 300; do
            for n in 0 100 4096 65536; do
                echo "setxattr /f trusted.size$n $size 4"
            done
        done
        echo "run ./judge"
        for n in $(seq 60); do
            printf 'setxattr /f trusted.n%d-%0*d %d 1\n' "$n" $((n * 4)) 1 \
                $((n * 67 % 3500))
        done
        echo "! setxattr /f trusted.toolarge 65537 1"
        echo "run ./judge"
        python3 "$tools/xfs-names.py" 40 2 |
            awk '{ print "setxattr /d trusted." $0, NR * 97 % 2900, NR }'
        echo "run ./judge"
    } | "$fs_op" image >log 2>&1
    judged $? "$name: attributes of every size"
    [ -e no-kernel ] && return
    with_kernel python3 ../attributes.py >log 2>&1
    judged $? "$name: the kernel changes them further"
    ./judge image >log
    judged $? "$name: and finds no fault, nor does xfs_repair"
    {
        for n in $(seq 1 2 30); do
            echo "setxattr /f user.kernel$n $((9000 - n * 300)) 3"
            echo "setxattr /d trusted.later$n $((n * 100)) 3"
        done
        echo "run ./judge"
    } | "$fs_op" image >log 2>&1
    judged $? "$name: and then we again"
}

# Access control lists have another form on the disk: one that the kernel set
# can be set on a copy.
test_acl()
{
    make_image
    [ -e no-kernel ] && return
    cat >acl.py <<'END'
import os, struct
entries = [(1, 6, -1), (2, 7, 1000), (4, 5, -1), (8, 5, 70000), (16, 7, -1),
           (32, 4, -1)]
acl = struct.pack('<I', 2) + b''.join(
    struct.pack('<HHi', *entry) for entry in entries)
open('f', 'w').close()
os.setxattr('f', 'system.posix_acl_access', acl)
os.mkdir('d')
os.setxattr('d', 'system.posix_acl_default', acl)
END
    with_kernel python3 ../acl.py
    printf 'create /g\nmkdir /e\ncopyxattr /f /g\ncopyxattr /d /e\nrun ./judge\n' |
        "$fs_op" image >log 2>&1
    judged $? "access control lists are copied"
    is "$(with_kernel getfattr --absolute-names -n system.posix_acl_access \
        -e hex g | grep posix)" \
        "$(with_kernel getfattr --absolute-names -n system.posix_acl_access \
            -e hex f | grep posix)" "and the kernel reads the same"
}

# ---- No room ----

# What does not fit is refused, and nothing is left half done.
test_full()
{
    name=$1
    shift
    make_image "$@"
    echo "create /a" | "$fs_op" image
    at=0 step=10000000
    while [ $step -ge 500 ]; do
        while echo "fill /a $at $step 1" | "$fs_op" image 2>log; do
            at=$((at + step))
        done
        step=$((step / 10))
    done
    grep -q 'full' log && [ $at -gt 20000000 ]
    judged $? "$name: is full after $at bytes, and says so"
    # Names and attributes fill what a part of the file gives back.
    {
        echo "truncate /a $((at - 400000))"
        echo "? mkdir /d"
        seq 2000 | awk '{
            printf "? create /d/name%d-%0100d\n", $1, 1
            if ($1 % 10 == 0)
                printf "? setxattr /d trusted.a%d %d 1\n", $1, $1 * 7
            if ($1 % 9 == 0)
                printf "? symlink /d/link%d /%0900d\n", $1, 1
            if ($1 % 200 == 0)
                print "run ./judge"
        }'
        echo "! create /d/one-more-$(printf '%0200d' 1)"
        echo "! setxattr /a trusted.a 60000 1"
        echo "fill /a 0 1000 2"
        echo "run ./judge"
    } | "$fs_op" image >log 2>&1
    judged $? "$name: refuses names and attributes, and is sound"
    {
        echo tree | "$fs_op" -r image | grep '^/d/' |
            sed 's/^\([^ ]*\).*/unlink \1/'
        echo "run ./judge"
        echo "unlink /a"
        echo "mkdir /e"
        echo "run ./judge"
    } >script
    "$fs_op" image <script >log 2>&1
    judged $? "$name: loses them, and has room again"
}

# ---- What we do not write ----

# test_refused FEATURE MESSAGE MKFS...
test_refused()
{
    name=$1 message=$2
    shift 2
    truncate -s 64M log.image rt.image
    make_image "$@" || { ok 1 "mkfs.xfs $*"; return; }
    cp --sparse=always image before
    echo "create /x" | "$fs_op" image >log 2>&1
    grep -q "$message" log && cmp image before
    refused=$?
    judged $refused "$name: is refused, and nothing is written"
    [ $refused -ne 0 ] || echo "# matrix: xfs | $name | write=refused"
    rm -f before log.image rt.image
}

seed=1
while IFS=: read -r name size options; do
    # shellcheck disable=SC2086
    test_options "$name" $options
done <<'END'
version 5 + finobt + reflink + bigtime:64M:-m crc=1
without finobt, reflink, bigtime, sparse inodes:64M:-m finobt=0,inobtcount=0,reflink=0,bigtime=0 -i sparse=0
rmapbt + inobtcount + nrext64:64M:-m rmapbt=1,reflink=1,inobtcount=1 -i nrext64=1
rmapbt without reflink:64M:-m rmapbt=1,reflink=0
inodes of 1024 bytes + sectors of 4096 bytes:64M:-i size=1024 -s size=4096
inodes of 2048 bytes + directory blocks of 65536 bytes:64M:-i size=2048 -n size=65536
blocks of 1024 bytes + directory blocks of several blocks + many AGs:256M:-b size=1024 -n size=16384 -d agcount=16
blocks of 2048 bytes + stripes:256M:-b size=2048 -d su=64k,sw=4
blocks of 16384 bytes:256M:-b size=16384
blocks of 65536 bytes:600M:-b size=65536
version 4:64M:-m crc=0
version 4 + no ftype + counters not lazy + 32-bit project ids off:64M:-m crc=0 -n ftype=0 -l lazy-count=0 -i projid32bit=0
version 4 + attr=1 + unaligned inodes + log of version 1:64M:-m crc=0 -i attr=1,align=0 -l version=1
version 4 + blocks of 512 bytes:64M:-m crc=0 -b size=512
version 4 + blocks of 512 bytes + directory blocks of several blocks:64M:-m crc=0 -b size=512 -n size=4096
version 4 + inodes of 2048 bytes + sectors of 4096 bytes:64M:-m crc=0 -i size=2048 -s size=4096
END
size=64M
test_directory "v5" 1500
test_directory "v4" 1500 -m crc=0
test_directory "v4, no ftype, blocks of 512 bytes" 1500 -m crc=0 \
    -n ftype=0 -b size=512
test_directory "directory blocks of 16384 bytes" 1500 -n size=16384
test_directory "inodes of 2048 bytes" 1500 -i size=2048
test_kernels_directory 5
test_kernels_directory 60
test_kernels_directory 400
test_kernels_directory 3000
test_kernels_directory 3000 -n size=65536
test_collisions v5
test_collisions v4 -m crc=0
test_attributes v5
test_attributes "v5, blocks of 1024 bytes" -b size=1024
test_attributes "v5, inodes of 2048 bytes" -i size=2048
test_attributes v4 -m crc=0
test_attributes "v4, blocks of 512 bytes" -m crc=0 -b size=512
test_acl
[ "$tap_failed" -ne 0 ] || matrix 'directories in the inode, of a block, a leaf, a tree + symbolic links in the inode and outside + extended attributes in the inode, a leaf, a tree, with remote values + POSIX ACLs'
test_full v5
test_full rmapbt -m rmapbt=1 -b size=1024
test_refused "case-insensitive names" 'ignore case' -n version=ci
test_refused "external log" 'log is on another device' \
    -l logdev=log.image,size=16m
test_refused "realtime device" 'has a realtime device' -r rtdev=rt.image
tap_done
