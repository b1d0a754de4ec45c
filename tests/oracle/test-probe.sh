#!/bin/sh
# SPDX-License-Identifier: LGPL-3.0-or-later
# What we recognise, against blkid: type, UUID and label of whatever the
# tools that are installed can make.
# shellcheck source=tests/tap.sh
. "$H2K_SOURCE/tests/tap.sh"
need blkid mkswap mke2fs
probe=$H2K_BUILD/tests/oracle/fs-probe
cd "$tap_dir" || exit 1
PATH=$PATH:/sbin:/usr/sbin

# judge NAME: the image is what blkid says it is.
judge()
{
    # FAT may have a second label, LABEL_FATBOOT, which we do not give.
    blkid -p -o export image 2>/dev/null |
        grep -E '^(TYPE|UUID|LABEL)=' | sort >theirs
    grep -q LABEL theirs || echo "LABEL=" >>theirs
    grep -q UUID theirs || echo "UUID=" >>theirs
    sed 's/\\\(.\)/\1/g' theirs | sort -o theirs
    "$probe" image | grep -v ^PROBLEM | sort >ours
    cmp -s theirs ours
    status=$?
    ok $status "$1"
    [ $status -eq 0 ] || diff theirs ours | sed 's/^/# /'
}

# try SIZE COMMAND...: made by a tool that may not be installed.
try()
{
    rm -f image
    truncate -s "$1" image
    shift
    if ! command -v "$1" >/dev/null; then
        skip "$1 is not installed"
        return
    fi
    if "$@" >make.log 2>&1; then
        judge "$*"
    else
        ok 1 "$*"
        sed 's/^/# /' make.log
    fi
}

# shellcheck disable=SC2317 # called by try
luks()
{
    echo password | cryptsetup luksFormat -q --type "$@" --pbkdf pbkdf2 \
        --pbkdf-force-iterations 1000 image -
}

# shellcheck disable=SC2317
iso9660()
{
    mkdir iso && echo x >iso/x &&
        xorriso -outdev image -volid INSTALL -map iso / -commit
}

# Not every system has every tool; those of Debian's base are asked for.
skip() { tap_count=$((tap_count + 1)); echo "ok $tap_count - # SKIP $1"; }

try 8M mkswap -L swap-label image
try 8M mkswap -p 65536 image
try 8M mke2fs -q -F -L root image
try 8M mke2fs -q -F -t ext3 -L 'a label' image
try 8M mke2fs -q -F -t ext4 -L exactlysixteen16 image
try 8M mke2fs -q -F -t ext4 -O ^has_journal image
try 8M mke2fs -q -F -t ext3 -O extents image
try 8M mke2fs -q -F -O journal_dev image
try 400M mkfs.xfs -q -L boot image
try 200M mkfs.btrfs -q -L "a data disk" image
try 1M mkfs.vfat -F 12 -n FLOPPY image
try 32M mkfs.vfat -F 16 -n EFI image
try 64M mkfs.vfat -F 32 -n "EFI SYSTEM" image
try 64M mkfs.vfat -F 32 image
try 32M mkfs.exfat -L games image
try 32M mkntfs -q -F -L "Local Disk" image
try 32M mkntfs -q -F -s 512 -c 65536 -L "Daten" image
try 64M mkfs.f2fs -q -l phone image
try 32M mkfs.jfs -q -L old image
try 256M mkfs.nilfs2 -q -L silo image
try 64M mkreiserfs -q -f -s 513 -l tree image
if command -v cryptsetup >/dev/null; then
    try 16M luks luks1
    try 32M luks luks2 --label secret
else
    skip "cryptsetup is not installed"
fi
if command -v xorriso >/dev/null; then
    try 8M iso9660
else
    skip "xorriso is not installed"
fi

# LVM2's and md's tools want devices: their labels by hand.
rm -f image
truncate -s 4M image
{
    printf 'LABELONE\1\0\0\0\0\0\0\0'
    printf '\0\0\0\0\40\0\0\0LVM2 001'
    printf 'abcdefABCDEF0123456789ghijklGHIJ'
} | dd of=image bs=512 seek=1 conv=notrunc 2>/dev/null
"$probe" image >ours
grep -q '^TYPE=LVM2_member' ours &&
    grep -q '^UUID=abcdef-ABCD-EF01-2345-6789-ghij-klGHIJ' ours
ok $? "a physical volume of LVM2"

rm -f image
truncate -s 4M image
{
    printf '\374\116\53\251\1\0\0\0\0\0\0\0\0\0\0\0'
    printf '\1\2\3\4\5\6\7\10\11\12\13\14\15\16\17\20'
    printf 'host:0'
} | dd of=image bs=4096 seek=1 conv=notrunc 2>/dev/null
printf '\10' | dd of=image bs=1 seek=$((4096 + 144)) conv=notrunc 2>/dev/null
"$probe" image >ours
grep -q '^TYPE=linux_raid_member' ours && grep -q '^LABEL=host:0' ours &&
    grep -q '^UUID=01020304-0506-0708-090a-0b0c0d0e0f10' ours
ok $? "a member of a RAID, version 1.2"

# The remains of another filesystem are not guessed about.
rm -f image
truncate -s 8M image
mke2fs -q -F image
printf 'SWAPSPACE2' | dd of=image bs=1 seek=4086 conv=notrunc 2>/dev/null
printf '\1\0\0\0' | dd of=image bs=1 seek=1024 conv=notrunc 2>/dev/null
"$probe" image | grep -q 'PROBLEM=carries the signatures of both ext2 and swap'
ok $? "two signatures at once are a problem"
rm -f image
truncate -s 8M image
is "$("$probe" image | grep TYPE)" "TYPE=unknown" "nothing is unknown"
tap_done
