#!/bin/bash
# SPDX-License-Identifier: LGPL-3.0-or-later
# Data disks: what fstab and crypttab have of them, by the manifest's order of
# disks, and what is said of one that the manifest lacks.
# shellcheck source=../tap.sh
. "${H2K_SOURCE:?}/tests/tap.sh"
need sfdisk mke2fs mkswap debugfs cpio jq
cd "$tap_dir" || exit 1
PATH=$PATH:/usr/sbin:/sbin
ROOT_AT=16777216
B1=7c0e4c3a-0b52-4f3e-9d58-1f0d7a3b5cb1
C0=7c0e4c3a-0b52-4f3e-9d58-1f0d7a3b5cc0

# The system on sda; sdb has a partition, sdc is a filesystem as a whole.
"$H2K_SOURCE/tests/tiny-guest.sh" a.raw "mkdir data whole old gone
    printf '%s\\t%s\\t%s\\t%s 0 2\\n' /dev/sdb1 /data ext4 defaults,noatime \
        /dev/sdc /whole ext4 nofail \
        /dev/disk/by-path/pci-0000:03:00.0-scsi-0:0:1:0-part1 /old ext4 defaults \
        /dev/sdd1 /gone ext4 defaults >>etc/fstab
    echo 'swap_crypt /dev/sdb2 /dev/urandom swap,cipher=aes-xts-plain64' >etc/crypttab"
truncate -s 24M b.raw
printf 'label: dos\nstart=1MiB, size=16MiB, type=83\nstart=18MiB, size=4MiB\n' |
    sfdisk -q b.raw
# A former system's /etc/fstab is not the guest's.
mkdir -p b/etc
echo '/dev/sda1 / ext4 defaults 0 1' >b/etc/fstab
mke2fs -q -F -t ext4 -U $B1 -d b -E offset=1048576 b.raw 16M
truncate -s 8M c.raw
mke2fs -q -F -t ext4 -U $C0 c.raw

manifest()
{
    local separator=''
    echo '{ "manifest_version": "1.0", "disks": ['
    for disk; do
        printf '%s{ "id": "%s", "source_format": "raw", "bytes": %s, "local_path": "%s.raw", "disk_type": "%s" }' \
            "$separator" "$disk" "$(stat -c %s "$disk.raw")" "$disk" \
            "$([ "$disk" = a ] && echo boot || echo data)"
        separator=,
    done
    echo '], "output": { "directory": "out", "format": "raw" } }'
}

fstab()
{
    debugfs -R 'cat /etc/fstab' "out/a.raw?offset=$ROOT_AT" 2>/dev/null
}

manifest a b c >m.json
"$H2K_BUILD/hyper2kvm" --manifest m.json >says 2>&1
ok $? "a guest with two data disks"
fstab >table
grep -qx "UUID=$B1	/data	ext4	defaults,noatime 0 2" table
ok $? "/dev/sdb1 is the second disk's first partition"
grep -qx "UUID=$C0	/whole	ext4	nofail 0 2" table
ok $? "/dev/sdc is the third disk as a whole"
grep -qx "UUID=$B1	/old	ext4	defaults 0 2" table
ok $? "a by-path name is by its target's number"
grep -qx '/dev/sdd1	/gone	ext4	defaults 0 2' table
ok $? "what is not there stays"
grep -q '/dev/sdd1: disk 4 of 3: is a disk missing in the manifest, or in another order?' says
ok $? "and the warning says that a disk is missing"
debugfs -R 'cat /etc/crypttab' "out/a.raw?offset=$ROOT_AT" 2>/dev/null >crypttab
grep -q '^swap_crypt PARTUUID=[0-9a-f]*-02 /dev/urandom' crypttab
ok $? "a swap partition with a new key each time has its partition's name"
debugfs -R 'cat /etc/fstab' "out/b.raw?offset=1048576" 2>/dev/null | cmp -s - b/etc/fstab
ok $? "a former system's fstab on a data disk is as it was"

# In another order they are other disks.
manifest a c b | sed 's/"out"/"other"/' >m2.json
"$H2K_BUILD/hyper2kvm" --manifest m2.json >says2 2>&1
debugfs -R 'cat /etc/fstab' "other/a.raw?offset=$ROOT_AT" 2>/dev/null >table
grep -qx '/dev/sdb1	/data	ext4	defaults,noatime 0 2' table
ok $? "in another order /dev/sdb1 is not there, and stays"
grep -q '/dev/sdb1' says2
ok $? "with a warning"

# Twice changes nothing.
sed 's/"out"/"again"/; s/"local_path": "/&out\//g' m.json >m3.json
"$H2K_BUILD/hyper2kvm" --manifest m3.json >/dev/null 2>&1
is "$(jq '.changes | length' again/report.json)" 0 "a second run changes nothing"
tap_done
