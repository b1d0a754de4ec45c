#!/bin/sh
# SPDX-License-Identifier: LGPL-3.0-or-later
# Partition tables made by sfdisk, sgdisk and fdisk, read by us and by
# libfdisk (sfdisk -J) and libblkid (partx).
set -u
. "$H2K_SOURCE/tests/tap.sh"
need sfdisk partx fdisk sgdisk jq awk mkfs.vfat
list=$H2K_BUILD/tests/oracle/volume-list
disk=$tap_dir/disk

# What libblkid says, in volume-list's form without the name; extended
# partitions are not ours to list.  It counts in 512 bytes always.  Flags:
# 0x80 in an MBR, bit 2 in a GPT.
by_blkid()
{
    partx -S "$1" -g -r -o NR,START,SECTORS,TYPE,UUID,FLAGS "$disk" |
    awk -v per="$(($1 / 512))" '
         $4 == "0x5" || $4 == "0xf" || $4 == "0x85" { next }
         { mbr = $4 ~ /^0x/
           if (mbr && NF == 5) { $6 = $5; $5 = "-" }
           last = substr($6, length($6))
           boot = mbr ? $6 == "0x80" : index("4567cdef", last) > 0
           print $1, $2 / per, $3 / per, $4, $5, boot ? "boot" : "-" }'
}

# What libfdisk says: number, start, length, type and name, and the table.
by_fdisk()
{
    sfdisk -J "$disk" 2>/dev/null | jq -r '.partitiontable |
        (if .label == "dos" then "mbr" else .label end) + " 512 " +
            (.id | ascii_downcase),
        (.partitions // [] | .[] | select(.type as $t |
                                          ["5", "f", "85"] | index($t) | not) |
         [(.node | capture("(?<n>[0-9]+)$").n), .start, .size,
          (if (.type | length) > 2 then .type | ascii_downcase
           else "0x" + .type end), .name // ""] | map(tostring) | join(" "))'
}

# agree NAME [SECTOR_SIZE]
agree()
{
    "$list" "$disk" >"$tap_dir/ours" 2>"$tap_dir/says"
    ok $? "$1: is read"
    sed 1d "$tap_dir/ours" | cut -d' ' -f1-6 >"$tap_dir/a"
    by_blkid "${2:-512}" >"$tap_dir/b"
    diff "$tap_dir/b" "$tap_dir/a" | sed 's/^/# /'
    cmp -s "$tap_dir/b" "$tap_dir/a" && [ -s "$tap_dir/b" ]
    ok $? "$1: as libblkid ($(wc -l <"$tap_dir/a") partitions)"
    [ "${2:-512}" = 512 ] || return
    awk 'NR == 1 { print $1, $2, $3; next }
         { name = $0; for (i = 0; i < 6; i++) sub(/^[^ ]* /, "", name)
           print $1, $2, $3, $4, name }' "$tap_dir/ours" >"$tap_dir/a"
    by_fdisk >"$tap_dir/b"
    diff "$tap_dir/b" "$tap_dir/a" | sed 's/^/# /'
    cmp -s "$tap_dir/b" "$tap_dir/a"
    ok $? "$1: as libfdisk"
}

# make NAME SIZE: the table on standard input, in sfdisk's language.
make()
{
    rm -f "$disk"
    truncate -s "$2" "$disk"
    sfdisk -q "$disk" >"$tap_dir/says" 2>&1 || {
        ok 1 "$1: sfdisk makes it"
        sed 's/^/# /' "$tap_dir/says"
    }
}

# flip OFFSET: the byte there becomes another.
flip()
{
    byte=$(od -An -tu1 -j "$1" -N 1 "$disk")
    printf "\\$(printf %o $((byte ^ 0x5a)))" |
        dd of="$disk" bs=1 seek="$1" conv=notrunc status=none
}

# survive NAME: damage to the first copy changes nothing but where we read.
survive()
{
    "$list" "$disk" >"$tap_dir/before" 2>/dev/null
    cp --sparse=always "$disk" "$tap_dir/kept"
    wrong=0
    for at in 512 519 524 528 536 544 552 560 568 584 592 596 600 1024 1100; do
        flip "$at"
        "$list" "$disk" >"$tap_dir/after" 2>"$tap_dir/says"
        sed '1s/first$/backup/' "$tap_dir/before" |
            cmp -s - "$tap_dir/after" || { wrong=1; echo "# byte $at"; }
        grep -q 'the backup is used' "$tap_dir/says" || wrong=1
        flip "$at"
    done
    ok $wrong "$1: any byte of the first copy may be wrong"
    dd if=/dev/zero of="$disk" bs=512 seek=1 count=33 conv=notrunc status=none
    "$list" "$disk" 2>/dev/null | sed '1s/backup$/first/' |
        cmp -s - "$tap_dir/before"
    ok $? "$1: all of it may be gone"
    dd if=/dev/zero of="$disk" bs=512 count=1 conv=notrunc status=none \
        seek=$(($(stat -c %s "$disk") / 512 - 1))
    "$list" "$disk" >/dev/null 2>"$tap_dir/says"
    is $? 1 "$1: both gone is an error"
    grep -q 'no copy can be trusted' "$tap_dir/says"
    ok $? "$1: that says so"
    mv "$tap_dir/kept" "$disk"
    flip $(($(stat -c %s "$disk") - 512 + 16))
    "$list" "$disk" 2>"$tap_dir/says" | cmp -s - "$tap_dir/before" &&
        grep -q 'the backup is damaged' "$tap_dir/says"
    ok $? "$1: a damaged backup is told, and not needed"
}

make gpt 64M <<'EOF'
label: gpt
label-id: 6F9619FF-8B86-D011-B42D-00C04FC964FF
unit: sectors
1 : start=2048, size=2048, type=21686148-6449-6E6F-744E-656564454649, name="bios boot"
2 : size=20480, type=uefi, name="EFI System Partition"
3 : size=40960, type=linux, attrs="LegacyBIOSBootable"
7 : start=100000, type=lvm, name="Ünïcödé — 日本 😀"
EOF
agree gpt
survive gpt

{
    printf 'label: gpt\ntable-length: 256\n'
    for n in $(seq 1 200); do
        echo "$((n * 7 % 256 + 1)): start=$((2048 + n * 400)), size=$((n + 1)), name=\"n $n\""
    done
} | make "gpt of many" 64M
agree "gpt of many"
survive "gpt of many"

make "gpt of no partition" 8M <<'EOF'
label: gpt
EOF
is "$("$list" "$disk" | cut -d' ' -f1,2,4)" "gpt 512 first" "gpt of no partition"

make "gpt on a disk that has grown" 64M <<'EOF'
label: gpt
size=1000, name="one"
size=1000, name="two"
EOF
truncate -s 100000000 "$disk"
agree "gpt on a disk that has grown"
cp "$tap_dir/ours" "$tap_dir/before"
flip 530
sed -i '1s/first$/backup/' "$tap_dir/before"
"$list" "$disk" 2>/dev/null | cmp -s - "$tap_dir/before"
ok $? "the first header's own word finds its backup"
truncate -s 40M "$disk"
"$list" "$disk" >/dev/null 2>&1
is $? 1 "neither a first header nor a backup"
flip 530
"$list" "$disk" >/dev/null 2>"$tap_dir/says"
is $? 1 "a disk that is cut short"
grep -q 'cut short' "$tap_dir/says"
ok $? "says so"

make hybrid 64M <<'EOF'
label: gpt
size=10000, name="one"
size=10000, name="two"
size=10000, name="three"
EOF
sgdisk -h 1:2 "$disk" >/dev/null
agree "hybrid"

rm -f "$disk"
truncate -s 64M "$disk"
printf 'g\nn\n1\n\n+8M\nn\n5\n\n+4M\nx\nn\n5\nfive\nr\nw\n' |
    fdisk -b 4096 "$disk" >/dev/null 2>&1
agree "gpt of 4096-byte sectors" 4096
is "$(sed -n '1s/ [^ ]* first$//p;3s/.* //p' "$tap_dir/ours")" "gpt 4096
five" "its sector size, and a name"
flip 4112
"$list" "$disk" 2>/dev/null | sed '1s/backup$/first/' | cmp -s - "$tap_dir/ours"
ok $? "its backup"

make mbr 64M <<'EOF'
label: dos
label-id: 0x1234abcd
1 : start=2048, size=8192, type=83, bootable
3 : start=20480, size=8192, type=7
4 : start=30720, size=8192, type=82
EOF
agree mbr

make "mbr with logical partitions" 64M <<'EOF'
label: dos
label-id: 0xdeadbeef
2 : start=2048, size=8192, type=83
4 : start=12288, size=100000, type=f
5 : size=2048, type=83
6 : size=3000, type=8e, bootable
7 : size=10, type=fd
8 : size=5000, type=7
9 : size=5000, type=7
10 : size=5000, type=7
11 : type=83
EOF
agree "mbr with logical partitions"
sfdisk -q --delete "$disk" 7 2>/dev/null
agree "one of them deleted"

make "mbr without a signature" 64M <<'EOF'
label: dos
label-id: 0x00000000
1 : start=2048, size=8192, type=83
EOF
agree "mbr without a signature"

rm -f "$disk"
truncate -s 64M "$disk"
"$list" "$disk" >/dev/null 2>&1
is $? 4 "an empty disk has no table"
for bits in 12 16 32; do
    mkfs.vfat -F "$bits" "$disk" >/dev/null 2>&1
    "$list" "$disk" >/dev/null 2>&1
    is $? 4 "nor has FAT$bits on a bare disk"
done
if command -v mkntfs >/dev/null; then
    mkntfs -q -F -f "$disk" >/dev/null 2>&1
    "$list" "$disk" >/dev/null 2>&1
    is $? 4 "nor has NTFS on a bare disk"
fi

# Random tables, the same in every run.
random()
{
    awk -v seed="$1" -v kind="$2" 'BEGIN {
        srand(seed)
        print "label: " kind
        number = 0; at = 2048; top = kind == "dos" ? 3 : 128
        while (at < 90000 && number < top) {
            number += 1 + (rand() < .3 && number + 1 < top)
            size = 1 + int(rand() * 20000)
            printf "%d : start=%d, size=%d", number, at, size
            print kind == "dos" ? ", type=" (rand() < .5 ? "83" : "b") \
                                : ", name=\"" sprintf("%c%d", 65 + int(rand() * 26), size) "\""
            at += size + int(rand() * 3) * 100
        }
        if (kind == "dos") {
            print "4 : start=" at ", type=" (rand() < .5 ? "5" : "f")
            for (number = 5; at < 125000 && number < 60; number++) {
                at += 1 + int(rand() * 100)
                size = 1 + int(rand() * 3000)
                printf "%d : start=%d, size=%d%s\n", number, at, size, rand() < .2 ? ", bootable" : ""
                at += size
            }
        }
    }'
}
for seed in 1 2 3 4 5 6 7 8 9 10 11 12; do
    random "$seed" gpt | make "random gpt $seed" 64M
    agree "random gpt $seed"
    random "$seed" dos | make "random mbr $seed" 64M
    agree "random mbr $seed"
done
random "$seed" gpt | make "random gpt" 64M
survive "random gpt $seed"

tap_done
