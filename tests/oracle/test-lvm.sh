#!/bin/sh
# SPDX-License-Identifier: LGPL-3.0-or-later
# LVM2: disks that its own tools and the kernel have written (tests/lvm), and
# new ones where the tools and loop devices are there, read by us.
set -u
. "$H2K_SOURCE/tests/tap.sh"
PATH=$PATH:/usr/sbin:/sbin
need tar xz cmp truncate jq e2fsck debugfs qemu-img sfdisk cpio
tool=$H2K_BUILD/tests/oracle/lvm-tool
tar -C "$tap_dir" -xJf "$H2K_SOURCE/tests/lvm/images.tar.xz"
cd "$tap_dir" || exit 1

# What each volume holds, from disks in any order.
for order in '0 1 2 3' '3 1 0 2'; do
    disks=
    for i in $order; do disks="$disks disk$i"; done
    for v in lin str r0 mir r1; do
        # shellcheck disable=SC2086 # disks are words
        "$tool" cat vg-t/$v $disks | cmp - $v
        ok $? "$v is as the kernel wrote it (disks $order)"
    done
done

"$tool" disk0 disk1 disk2 disk3 >list 2>says
is "$(grep -c ' read$' list)" 5 "five volumes, all read and written"
is "$(grep free list | tr '\n' ',')" "free disk0 51380224 12582912,free disk1 \
partition 1 38797312 25165824,free disk2 9437184 54525952,free disk3 5242880 \
58720256," "the free extents are those that pvs has named"
[ ! -s says ]
ok $? "nothing is odd about them"

# Without the second disk: its leg of each is missing.
"$tool" disk0 disk2 disk3 >list 2>says
grep -q 'physical volume i6T8no.*is missing' says
ok $? "a missing physical volume is named"
grep -q '^vg-t/r1 .* read a leg of r1 is missing, so it is not written' list
ok $? "raid1 is read through the other leg, and not written"
grep -q '^vg-t/str .* - physical volume i6T8no.* is missing' list
ok $? "a striped volume is not read"
! grep -q ^free list
ok $? "no extents are called free"
"$tool" cat vg-t/r1 disk0 disk2 disk3 | cmp - r1
ok $? "raid1's second leg has the content"

# The same disk twice.
cp --sparse=always disk0 again
"$tool" disk0 again disk1 disk2 disk3 >list 2>says
grep -q 'is there twice: disk0 and again' says
ok $? "a physical volume that is there twice is named"

# A damaged text: another disk has a copy.
printf X | dd of=disk0 bs=1 seek=$((4096 + 600)) conv=notrunc status=none
dd if=/dev/zero of=disk0 bs=4096 seek=1 count=1 conv=notrunc status=none
"$tool" disk0 disk1 disk2 disk3 >list 2>says
is "$(grep -c ' read$' list)" 5 "with one area damaged, another copy is read"
grep -q 'disk0: LVM2: metadata area 1 is damaged' says && ! grep -q ^free list
ok $? "it is said, and no extents are called free"
rm -f disk? again lin str r0 mir r1

# A guest through the whole pipeline.
TINY_LABEL=lvm "$H2K_SOURCE/tests/tiny-guest.sh" tiny.raw
cat >m.json <<END
{ "manifest_version": "1.0",
  "disks": [ { "id": "disk-0", "source_format": "raw",
               "local_path": "tiny.raw", "bytes": $(stat -c %s tiny.raw) } ],
  "pipeline": { "inspect": { "enabled": true, "collect_guest_info": true },
                "fix": { "enabled": true }, "convert": { "enabled": true },
                "validate": { "enabled": true } },
  "output": { "directory": "out" } }
END
"$H2K_BUILD/hyper2kvm" --manifest m.json >says 2>&1
ok $? "a guest on LVM is converted"
sed 's/^/# /' says
report=out/report.json
qemu-img convert -O raw out/*.qcow2 raw
truncate -s 24M root
dd if=raw of=root bs=1M skip=17 count=24 conv=notrunc status=none
e2fsck -fn root >says 2>&1
ok $? "e2fsck finds its root clean"
debugfs -R 'cat /etc/fstab' root 2>/dev/null |
    grep -q '^/dev/mapper/tiny--vg-root / ext4'
ok $? "fstab's names of logical volumes stay"
jq -e '[.. | objects | .lvm? // empty | .[]] | length == 1' "$report" >says
ok $? "the report names the physical volume"
jq -e '[.. | objects | .mountpoints? // empty | .[] |
        select(.path == "/").volume] == ["/dev/tiny-vg/root"]' "$report" >says
ok $? "the report says what / is on"

# New ones, where that can be.
loops() { losetup -f --show "$1" 2>/dev/null; }
truncate -s 64M a && truncate -s 48M b
if ! command -v lvcreate >/dev/null || [ "$(id -u)" != 0 ] || ! one=$(loops a)
then
    echo "# no lvm2, or no loop devices: new volumes are not tried"
    tap_done
fi
two=$(loops b)
trap 'losetup -d "$one" "$two"; rm -rf "$tap_dir"' EXIT
config="devices { use_devicesfile=0 obtain_device_list_from_udev=0
    filter=[\"a|^$one\$|\", \"a|^$two\$|\", \"r|.*|\"] }
    activation { udev_sync=0 udev_rules=0 monitoring=0 }
    global { activation=0 locking_type=1 } backup { backup=0 archive=0 }"
lvm2() { command="$1"; shift; "$command" --config "$config" "$@" 2>>says; }
lvm2 pvcreate -q -f --metadatacopies 2 "$one" "$two" >/dev/null &&
    lvm2 vgcreate -q -s 1M new "$one" "$two" >/dev/null
for i in $(seq 40); do # the text goes round its ring
    lvm2 lvcreate -q -y -an -Zn -Wn -L 1M -n "v$i" new >/dev/null
done
for i in $(seq 1 2 39); do lvm2 lvremove -q -y "new/v$i" >/dev/null; done
lvm2 lvcreate -q -y -an -Zn -Wn -l 24 -i 2 -n wide new >/dev/null
lvm2 lvextend -q -l +13 new/v2 >/dev/null
lvm2 lvs --noheadings --units b --nosuffix -o vg_name,lv_name,lv_uuid,lv_size \
    new | awk '{ print $1 "/" $2, $3, $4 }' | sort >theirs
"$tool" b a 2>&1 | awk '/ read/ { print $1, $2, $3 }' | sort >ours
diff theirs ours | sed 's/^/# /'
[ -s theirs ] && cmp -s theirs ours
ok $? "as lvs says: $(wc -l <theirs) volumes"
free=$(lvm2 pvs --noheadings --units b --nosuffix -o pv_free |
    awk '{ n += $1 } END { print n }')
is "$("$tool" a b | awk '/^free/ { n += $4 } END { print n }')" "$free" \
    "as pvs says: $free bytes free"
lvm2 vgexport -q new >/dev/null
"$tool" a b 2>&1 | grep -q 'volume group new is exported'
ok $? "an exported group is left alone"
echo '# matrix: LVM | linear and striped, over two disks, as lvs says | read'
tap_done
