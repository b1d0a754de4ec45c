#!/bin/sh
# SPDX-License-Identifier: LGPL-3.0-or-later
# Guests whose files are in volumes on volumes: partitions on RAID, LVM on
# RAID, LUKS on LVM on RAID.
set -u
. "$H2K_SOURCE/tests/tap.sh"
PATH=$PATH:/usr/sbin:/sbin
need qemu-img mdadm e2fsck resize2fs debugfs sfdisk cpio jq xz cmp python3
command=$H2K_BUILD/hyper2kvm
tool=$H2K_BUILD/tests/oracle/volume-tool
member=$H2K_SOURCE/tests/md/member.py
cd "$tap_dir" || exit 1

# disks CONTENT [EVENTS]: a.raw, with the tiny guest's /boot and one member, and
# b.raw with the other, which has seen so many EVENTS.
disks()
{
    size=$(($(stat -c %s "$1") / 1048576 + 1))
    python3 "$member" m0 "$1" 0 && python3 "$member" m1 "$1" 1 "${2:-20}"
    rm -f a.raw b.raw
    truncate -s $((size + 18))M a.raw
    truncate -s $((size + 2))M b.raw
    sfdisk -q --label gpt a.raw <<END
start=1MiB, size=1MiB, type=21686148-6449-6E6F-744E-656564454649
start=2MiB, size=12MiB, type=linux
start=16MiB, size=${size}MiB, type=raid
END
    echo "start=1MiB, size=${size}MiB, type=raid" | sfdisk -q --label gpt b.raw
    dd if=tiny.raw of=a.raw bs=1M skip=2 seek=2 count=12 conv=notrunc status=none
    dd if=m0 of=a.raw bs=1M seek=16 conv=notrunc,sparse status=none
    dd if=m1 of=b.raw bs=1M seek=1 conv=notrunc,sparse status=none
}

convert() # [OPTION...]
{
    rm -rf out
    cat >m.json <<END
{ "manifest_version": "1.0", "disks": [
    { "id": "a", "source_format": "raw", "local_path": "a.raw",
      "bytes": $(stat -c %s a.raw) },
    { "id": "b", "source_format": "raw", "local_path": "b.raw",
      "bytes": $(stat -c %s b.raw) } ],
  "pipeline": { "inspect": { "enabled": true, "collect_guest_info": true },
    "fix": { "enabled": true }, "convert": { "enabled": true },
    "validate": { "enabled": true } },
  "output": { "directory": "out", "format": "raw" } }
END
    "$command" --manifest m.json "$@" >says 2>&1
    rc=$?
    sed 's/^/# /' says
    return $rc
}

# content SIZE: what is in both members of the result now, and is the same
content()
{
    dd if=out/a.raw of=e bs=1M skip=17 count="$1" status=none
    dd if=out/b.raw of=f bs=1M skip=2 count="$1" status=none
    cmp e f
    ok $? "both members are the same"
}

root_is() # VOLUME
{
    is "$(jq -r '[.. | objects | .mountpoints? // empty | .[] |
        select(.path == "/").volume][0]' out/report.json)" "$1" "/ is on $1"
}

has() # ROOT PATTERN FILE
{
    debugfs -R "cat $3" "$1" 2>/dev/null | grep -q "$2"
    ok $? "$3 has $2"
}

fstab() # FILE ROOT-NAME: its fstab names that
{
    printf '%s / ext4 defaults 0 1\n/dev/sda2 /boot ext4 defaults 0 2\n' \
        "$2" >fstab
    debugfs -w -R 'rm etc/fstab' "$1" >says 2>&1
    debugfs -w -R 'write fstab etc/fstab' "$1" >says 2>&1
}

# ---- Partitions on RAID ----
"$H2K_SOURCE/tests/tiny-guest.sh" tiny.raw \
    'sed -i "s,/dev/sda4,/dev/md/stack1," etc/fstab boot/grub/grub.cfg
     sed -i /swap/d etc/fstab'
dd if=tiny.raw of=root bs=1M skip=16 count=23 status=none
truncate -s 26M inside
echo 'start=1MiB, size=23MiB, type=linux' | sfdisk -q --label gpt inside
dd if=root of=inside bs=1M seek=1 conv=notrunc status=none
disks inside
for n in 0 1; do
    mdadm --examine m$n | grep -q 'Checksum : .* - correct' &&
        mdadm --examine m$n | grep -q 'Raid Level : raid1'
    ok $? "mdadm takes member $n for one"
done
for name in /dev/md/stack1 /dev/md/stackp1 '/dev/md/stack partition 1'; do
    "$tool" cat "$name" b.raw a.raw 2>/dev/null | cmp - root
    ok $? "$name is read"
done
convert
ok $? "a guest in a partition of RAID 1 is converted"
root_is "/dev/md/stack partition 1"
content 26
dd if=e of=root bs=1M skip=1 count=23 status=none
e2fsck -fn root >says 2>&1
ok $? "its root is clean"
has root '^/dev/md/stack1 / ext4' /etc/fstab
echo '# matrix: md | partitions on RAID 1 | read, write'

# A member that has missed changes: neither read nor written.
disks inside 3
dd if=/dev/urandom of=b.raw bs=1M seek=3 count=4 conv=notrunc status=none
cp b.raw stale.raw
convert
ok $? "with a stale member it is converted"
grep -q 'RAID array any:stack: b partition 1 has failed or is older' says
ok $? "and that is said"
cmp out/b.raw stale.raw
ok $? "what it has stays"
root_is "/dev/md/stack partition 1"

# ---- LVM on RAID ----
TINY_LABEL=lvm "$H2K_SOURCE/tests/tiny-guest.sh" tiny.raw
dd if=tiny.raw of=physical bs=1M skip=16 count=36 status=none
disks physical
"$tool" list a.raw b.raw | grep -q \
    '^/dev/md/stack / /dev/tiny-vg/root | logical | 25165824 | ro | ext4 | /dev/md/stack$'
ok $? "a volume stands on the array"
convert
ok $? "a guest on LVM on RAID 1 is converted"
root_is "/dev/md/stack / /dev/tiny-vg/root"
content 36
dd if=e of=root bs=1M skip=1 count=24 status=none
e2fsck -fn root >says 2>&1
ok $? "its root is clean"
has root '^/dev/mapper/tiny--vg-root / ext4' /etc/fstab
echo '# matrix: LVM | on RAID 1 | read, write'
"$command" inspect b.raw >says 2>&1
grep -q 'member 0 is missing, so it is not written' says
ok $? "half of it is read, and what is missing named"

# ---- LUKS on LVM on RAID ----
dd if=physical of=root bs=1M skip=1 count=23 status=none
e2fsck -fy root >says 2>&1
resize2fs root 20M >says 2>&1 && truncate -s 20M root
fstab root /dev/mapper/secret
printf 'GRUB_CMDLINE_LINUX="cryptdevice=/dev/tiny-vg/root:secret"\n' >grub
debugfs -w -R 'rm etc/default/grub' root >says 2>&1
debugfs -w -R 'write grub etc/default/grub' root >says 2>&1
printf tiny-key >key
for _ in $(seq 20); do # it may have been too fast to measure itself
    qemu-img convert -f raw -O luks --object secret,id=s,file=key \
        -o key-secret=s,iter-time=10,cipher-alg=aes-256,cipher-mode=xts,ivgen-alg=plain64 \
        root luks 2>says && break
done
dd if=luks of=physical bs=1M seek=1 conv=notrunc status=none
disks physical
convert
is $? 5 "without a key a guest in LUKS on LVM on RAID is refused"
grep -q '/dev/md/stack / /dev/tiny-vg/root: it is encrypted with LUKS1, and' says
ok $? "and said what is locked"
! grep -q 'linux_raid_member\|LVM2_member' says
ok $? "what was put together is no reason"
convert --key /dev/tiny-vg/root:file:key
ok $? "with the key it is converted"
root_is "/dev/md/stack / /dev/tiny-vg/root / LUKS"
! grep -q 'etc/fstab: / ' says
ok $? "the mapping that only the command line names is known"
content 36
dd if=e of=luks bs=1M skip=1 count=24 status=none
qemu-img convert -O raw --object secret,id=s,file=key --image-opts \
    driver=luks,key-secret=s,file.filename=luks root
truncate -s 20M root
e2fsck -fn root >says 2>&1
ok $? "what QEMU decrypts is clean"
has root '^/dev/mapper/secret / ext4' /etc/fstab
echo '# matrix: LUKS | on LVM on RAID 1 | read, write'
tap_done
