#!/bin/sh
# SPDX-License-Identifier: LGPL-3.0-or-later
# Guests whose files are in LUKS or on RAID 1, through the whole pipeline.
set -u
. "$H2K_SOURCE/tests/tap.sh"
PATH=$PATH:/usr/sbin:/sbin
need qemu-img cryptsetup mdadm e2fsck debugfs sfdisk cpio jq tar xz cmp
command=$H2K_BUILD/hyper2kvm
cd "$tap_dir" || exit 1

manifest() # FILE...: they are the disks, in this order
{
    n=0
    echo '{ "manifest_version": "1.0", "disks": ['
    for file; do
        [ $n = 0 ] || echo ,
        echo "{ \"id\": \"disk-$n\", \"source_format\": \"raw\",
            \"local_path\": \"$file\", \"bytes\": $(stat -c %s "$file") }"
        n=$((n + 1))
    done
    echo '], "pipeline": { "inspect": { "enabled": true,
        "collect_guest_info": true }, "fix": { "enabled": true },
        "convert": { "enabled": true }, "validate": { "enabled": true } },
        "output": { "directory": "out", "format": "raw" } }'
}
has() # ROOT PATTERN PATH WHAT: in the filesystem's file
{
    debugfs -R "cat $3" "$1" 2>/dev/null | grep -q "$2"
    ok $? "$4"
}

# ---- LUKS ----
TINY_LABEL=luks "$H2K_SOURCE/tests/tiny-guest.sh" tiny.raw
manifest tiny.raw >m.json
dd if=tiny.raw of=part bs=1M skip=16 count=25 status=none
uuid=$(cryptsetup luksUUID part)

"$command" --manifest m.json >says 2>&1
is $? 5 "without a key it is refused"
grep -qF "disk-0 partition 4: it is encrypted with LUKS1, and there is no key \
for it: give --key $uuid:file:PATH" says
ok $? "and said what to give"
"$command" --manifest m.json --key /dev/sda4:key:no-such-key >says 2>&1
is $? 5 "with a wrong key too"
grep -qF "(UUID $uuid), and the key given for it is wrong" says &&
    ! grep -rq no-such-key says out
ok $? "and said, without the key"
"$command" --manifest m.json --key "$uuid:file:none" >says 2>&1
is $? 3 "a key's file that is not there"
"$command" --manifest m.json --key nonsense >says 2>&1
is $? 2 "what is no key"

echo tiny-key >key
echo 'key: ["/dev/sda4:file:key"]' >options.yaml
"$command" inspect tiny.raw --json --config options.yaml >found
jq -e '.filesystems | map(select(.volume == "disk-0 partition 4 / LUKS")) |
    length == 1 and .[0].stands_on == ["disk-0 partition 4"] and
    .[0].type == "ext4"' found >/dev/null
ok $? "inspect says what stands on what, with a key from --config"
"$command" --manifest m.json --key /dev/sda4:file:key >says 2>&1
ok $? "with the key it is converted"
sed 's/^/# /' says
! grep -rq tiny-key says out/report.json
ok $? "the key is in no message and not in the report"
dd if=out/disk-0.raw of=part bs=1M skip=16 count=25 status=none
is "$(cryptsetup luksUUID part)" "$uuid" "the container is the same"
qemu-img convert -O raw --object secret,id=s,data=tiny-key --image-opts \
    driver=luks,key-secret=s,file.filename=part root
e2fsck -fn root >says 2>&1
ok $? "what QEMU decrypts is clean"
has root '^/dev/mapper/sda4_crypt / ext4' /etc/fstab "fstab's mapping stays"
has root "^sda4_crypt UUID=$uuid " /etc/crypttab "crypttab has the UUID"

# ---- RAID 1 ----
TINY_LABEL=md "$H2K_SOURCE/tests/tiny-guest.sh" a.raw
rm -rf out
manifest a.raw a.raw.2 >m.json
"$command" --manifest m.json >says 2>&1
ok $? "a guest on RAID 1 is converted"
sed 's/^/# /' says
jq -e '[.. | objects | .mountpoints? // empty | .[] |
    select(.path == "/").volume] == ["/dev/md0"]' out/report.json >/dev/null
ok $? "the report says what / is on"
dd if=out/disk-0.raw of=e bs=1M skip=16 count=25 status=none
dd if=out/disk-1.raw of=f bs=1M skip=1 count=25 status=none
dd if=e of=root bs=1M skip=1 count=24 status=none
dd if=f of=root2 bs=1M skip=1 count=24 status=none
e2fsck -fn root >says 2>&1 && cmp root root2
ok $? "both members are clean, and the same"
has root '^UUID=.* /boot ext4' /etc/fstab "it was edited"
has root '^/dev/md0 / ext4' /etc/fstab "fstab's name of the array stays"
for member in e f; do
    mdadm --examine $member | grep -q 'Checksum : .* - correct'
    ok $? "mdadm reads member $member"
done
"$command" inspect a.raw.2 >says 2>&1
grep -q 'member 0 is missing, so it is not written' says
ok $? "with one disk alone the other is missed"
manifest a.raw.2 a.raw >m.json
"$command" inspect m.json --json >found
jq -e '.mountpoints[0].volume == "/dev/md0"' found >/dev/null
ok $? "the order of the disks does not matter"
tap_done
