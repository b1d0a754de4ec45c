#!/bin/sh
# SPDX-License-Identifier: LGPL-3.0-or-later
# Several systems on one disk: they are listed, and --root chooses.
set -u
. "$H2K_SOURCE/tests/tap.sh"
PATH=$PATH:/usr/sbin:/sbin
need sfdisk mke2fs tune2fs debugfs cpio jq cmp
command=$H2K_BUILD/hyper2kvm
cd "$tap_dir" || exit 1

# Two copies of the tiny guest's root, the second with another name.
"$H2K_SOURCE/tests/tiny-guest.sh" tiny.raw
dd if=tiny.raw of=root bs=1M skip=16 count=23 status=none
truncate -s 64M two.raw
sfdisk -q --label gpt two.raw <<END
start=1MiB, size=23MiB, type=linux
start=25MiB, size=23MiB, type=linux
start=49MiB, size=1MiB, type=linux
END
dd if=root of=two.raw bs=1M seek=1 conv=notrunc status=none
tune2fs -U 7c0e4c3a-0b52-4f3e-9d58-1f0d7a3b5c99 root >/dev/null 2>&1
echo other >hostname
debugfs -w -R 'rm etc/hostname' root >/dev/null 2>&1
debugfs -w -R 'write hostname etc/hostname' root >/dev/null 2>&1
dd if=root of=two.raw bs=1M seek=25 conv=notrunc status=none

"$command" two.raw --output-dir out >says 2>&1
is $? 5 "two systems on one disk are an error"
grep -qF "2 operating systems found: disk-0 partition 1 (ext4), disk-0 \
partition 2 (ext4); choose one with --root" says
ok $? "that lists them"
sed 's/^/# /' says

found() # [--root ROOT]: the host's name and what / is on
{
    "$command" inspect two.raw --json "$@" 2>says |
        jq -r '"\(.hostname) \(.mountpoints[0].volume)"'
}
is "$(found --root /dev/sda1)" "tiny disk-0 partition 1" "--root with a device"
is "$(found --root /dev/sda2)" "other disk-0 partition 2" "and the other"
is "$(found --root disk-0:2)" "other disk-0 partition 2" "--root DISK:NUMBER"
is "$(found --root 'disk-0 partition 2')" "other disk-0 partition 2" \
    "--root as the message has it"
is "$(found --root UUID=7c0e4c3a-0b52-4f3e-9d58-1f0d7a3b5c99)" \
    "other disk-0 partition 2" "--root with a UUID"
is "$(found --root first)" "tiny disk-0 partition 1" "--root first"
"$command" two.raw --output-dir out --root /dev/sda3 >says 2>&1
is $? 2 "a volume without a system"
grep -qF -- "--root /dev/sda3: no operating system is there; there is one on: \
disk-0 partition 1 (ext4), disk-0 partition 2 (ext4)" says
ok $? "the message says where there is one"
"$command" two.raw --output-dir out --root /dev/sda7 >says 2>&1
is $? 2 "a volume that is not there"
"$command" two.raw --output-dir out --root /dev/sda2,subvol=@ >says 2>&1
is $? 2 "a subvolume of what has none"
grep -qF -- "--root /dev/sda2,subvol=@: ext4 has no subvolumes" says
ok $? "is said"
[ ! -e out/disk-0.qcow2 ]
ok $? "nothing was written"
tap_done
