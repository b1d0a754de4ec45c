#!/bin/sh
# SPDX-License-Identifier: LGPL-3.0-or-later
# RAID: arrays that mdadm and the kernel have made (tests/md), read and
# written by us.
set -u
. "$H2K_SOURCE/tests/tap.sh"
PATH=$PATH:/usr/sbin:/sbin
need tar xz cmp truncate mdadm blkid
tool=$H2K_BUILD/tests/oracle/volume-tool
tar -C "$tap_dir" -xJf "$H2K_SOURCE/tests/md/images.tar.xz"
cd "$tap_dir" || exit 1

set -- one two three four five six - eight nine ten eleven - thirteen
device() # the name that the guest has for array $1
{
    case $1 in
    7 | 12) echo "/dev/md$1" ;;
    *) eval "echo /dev/md/\${$(($1 + 1))}" ;;
    esac
}
names="$*"
name_of() # shellcheck disable=SC2086
{
    device "$1" $names
}

# What each array holds, from disks in any order.
for n in 1 2 3 4 5 6 7 8 9 10 11 12 13; do
    "$tool" cat "$(name_of $n)" c.raw a.raw d.raw b.raw 2>/dev/null |
        cmp - md$n
    ok $? "array $n is as the kernel wrote it"
    about=$(sed -n "s/^ *| $n | \([^|]*\) | \([^|]*\) |\$/superblock \1, \2/p" \
        "$H2K_SOURCE/tests/md/README.md")
    echo "# matrix: md | ${about%%; then*} | read"
done

"$tool" list a.raw b.raw c.raw d.raw >list 2>says
is "$(cat says)" "RAID array any:one: b.raw partition 1 has failed or is older \
than the others: it is neither read nor written
RAID array any:thirteen: b.raw partition 13 has failed or is older than the \
others: it is neither read nor written
/dev/md/fourteen: RAID 5 is not read yet" "what is left out is said"
is "$(grep '^/dev/md/thirteen ' list)" "/dev/md/thirteen | array | 3145728 | \
ro | unknown | a.raw partition 13, c.raw partition 13" \
    "the spare that took over is a member"

member() # DISK ARRAY: that partition, as a file
{
    sfdisk -d "$1.raw" | sed -n "s/^$1.raw$2 :.*start= *\([0-9]*\), size= *\([0-9]*\),.*/\1 \2/p" |
        while read -r start size; do
            dd if="$1.raw" of="$1$2" bs=512 skip="$start" count="$size" \
                status=none
        done
}

# Names and UUIDs, as mdadm and blkid have them.
for n in 1 2 5 7; do
    member a $n
    uuid=$(mdadm --examine --export "a$n" | sed -n 's/^MD_UUID=//p')
    "$tool" cat "/dev/disk/by-id/md-uuid-$uuid" ?.raw 2>/dev/null | cmp - md$n
    ok $? "array $n by its UUID, superblock $(mdadm --examine "a$n" |
        sed -n 's/ *Version : //p')"
    "$H2K_BUILD/tests/oracle/fs-probe" "a$n" | sort >ours
    blkid -p -o export "a$n" | grep -E '^(TYPE|UUID|LABEL)=.' | sort >theirs
    is "$(grep -E '^(TYPE|UUID|LABEL)=.' ours)" "$(cat theirs)" \
        "its member is to us what it is to blkid"
done
"$tool" cat /dev/disk/by-id/md-name-any:two ?.raw 2>/dev/null | cmp - md2
ok $? "by its name"

# Without the second disk.
"$tool" list a.raw c.raw d.raw >list 2>says
is "$(grep -c '| ro |' list)" 9 "mirrored arrays are still read"
for n in 1 2 6 7 8 9 10 11 13; do
    "$tool" cat "$(name_of $n)" a.raw c.raw d.raw 2>/dev/null | cmp - md$n
    ok $? "array $n without its second member"
done
grep -qx '/dev/md/six: member 1 is missing, so it is not written: give .*' says
ok $? "a member that is missing is named"
! grep -q '/dev/md/one:' says
ok $? "one that had failed before is not missed"
for n in 3 5; do
    grep -q "^$(name_of $n): member 1 is missing: give the disk" says
    ok $? "array $n needs it: it is named"
done

# The same disk twice.
"$tool" list a.raw a.raw b.raw c.raw d.raw >list 2>says
grep -q '^RAID array any:two: member 0 is there twice: a.raw partition 2 and' \
    says && ! grep -q '^/dev/md/two ' list
ok $? "a member that is there twice is named, and the array left out"

# Writing, with odd lengths.
mkdir new
for d in a b c d; do cp --sparse=always $d.raw new/; done
for n in 1 2 3 4 5 6 7 8 9 10 11 12 13; do
    size=$(stat -c %s md$n)
    head -c "$size" /dev/urandom >want
    "$tool" write "$(name_of $n)" new/?.raw <want 2>/dev/null &&
        "$tool" cat "$(name_of $n)" new/?.raw 2>/dev/null | cmp - want
    ok $? "array $n is written"
    mv want want$n
done
for n in 2 6 7 8 9 10 11 13; do
    "$tool" cat "$(name_of $n)" new/a.raw new/c.raw new/d.raw 2>/dev/null |
        cmp - want$n
    ok $? "array $n: the other members have all of it"
done
for n in 2 6 7; do
    "$tool" cat "$(name_of $n)" new/b.raw 2>/dev/null | cmp - want$n
    ok $? "array $n: so has the second"
done
cd new || exit 1
for n in 2 5 7 8; do
    for d in a b c; do
        member $d $n
        mdadm --examine $d$n >after 2>&1 || continue
        (cd .. && member $d $n && mdadm --examine $d$n) >before
        cmp -s before after || echo "# $d$n differs" >>differ
    done
done
cat differ 2>/dev/null
[ ! -e differ ]
ok $? "mdadm sees the same superblocks as before"
member b 1
(cd .. && member b 1)
cmp b1 ../b1
ok $? "the member that had failed was not written"
tap_done
