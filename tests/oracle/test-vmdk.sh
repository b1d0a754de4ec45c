#!/bin/sh
# SPDX-License-Identifier: LGPL-3.0-or-later
# VMDK images as qemu-img makes them, read by us and by qemu-img.
set -u
. "$H2K_SOURCE/tests/tap.sh"
need qemu-img awk cmp
cat=$H2K_BUILD/tests/oracle/image-cat
cd "$tap_dir" || exit 1

# put OFFSET-IN-KIB SIZE-IN-KIB FILE: bytes of FILE over and over.
put()
{
    while cat "$3" 2>/dev/null; do :; done | head -c "$(($2 * 1024))" |
        dd of=raw bs=64k seek="$(($1 * 1024))" oflag=seek_bytes \
            iflag=fullblock conv=notrunc status=none
}

# make_raw SIZE-IN-BYTES: text, noise, written zeros and holes.
make_raw()
{
    rm -f raw
    truncate -s "$1" raw
    kib=$(($1 / 1024))
    [ "$kib" -gt 4096 ] || { put 0 "$kib" text; return; }
    put 0 100 text
    put 192 1000 noise
    put 1792 64 text
    put 1856 512 /dev/zero
    put 3001 70 noise
    [ "$kib" -lt 40000 ] || put 33000 3000 text
    put "$((kib - 77))" 77 noise
    printf end | dd of=raw bs=1 seek="$(($1 - 3))" conv=notrunc status=none
}

# Runs of data, one "offset end" a line, adjacent ones joined.
join_runs()
{
    awk '{ if ($1 == end) { end = $2; next }
           if (end != "") print start, end
           start = $1; end = $2 }
         END { if (end != "") print start, end }'
}

our_data()
{
    "$cat" -e "$1" | awk '$3 == "data" { printf "%.0f %.0f\n", $1, $1 + $2 }' |
        join_runs
}

qemu_data()
{
    qemu-img map --output=json "$1" | tr '{' '\n' | awk -F'[:,]' '
        /"data": true/ { printf "%.0f %.0f\n", $2, $2 + $4 }' | join_runs
}

# read_back NAME: NAME.vmdk is what raw is, however it is read.
read_back()
{
    qemu-img convert -t unsafe -f vmdk -O raw "$1.vmdk" qemu.out 2>/dev/null &&
        cmp qemu.out raw
    ok $? "$1: qemu-img reads what was written"
    "$cat" -f vmdk "$1.vmdk" ours.out && cmp ours.out qemu.out
    ok $? "$1: we read the same"
    "$cat" -t 4 -r 7 "$1.vmdk" ours.out && cmp ours.out qemu.out
    ok $? "$1: also by four threads, in odd pieces, in any order"
}

awk 'BEGIN { for (i = 0; i < 20000; i++) print i, i * i % 97 }' >text
head -c 300000 /dev/urandom >noise

large=$((40 * 1048576 + 512 * 77)) # more than one grain table
for size in $((10 * 1048576 + 512 * 3)) $large $((3 * 1048576)) 512; do
    make_raw "$size"
    for form in monolithicSparse streamOptimized monolithicFlat \
        twoGbMaxExtentSparse twoGbMaxExtentFlat; do
        name=$form-$size
        qemu-img convert -t unsafe -f raw -O vmdk -o subformat=$form \
            raw "$name.vmdk"
        read_back "$name"
        is "$("$cat" -i "$name.vmdk" | cut -d' ' -f2,3)" "$form $size" \
            "$name: what it is"
        case $form in *Flat) ;; *)
            is "$(our_data "$name.vmdk")" "$(qemu_data "$name.vmdk")" \
                "$name: the same data"
        esac
        [ "$size" = "$large" ] || rm "$name"*
    done
done

# Two extents, with data on both sides of where one ends.
rm -f raw
truncate -s 2150000128 raw
printf start | dd of=raw conv=notrunc status=none
put 2096128 2048 noise
printf last | dd of=raw bs=1 seek=2150000124 conv=notrunc status=none
qemu-img convert -t unsafe -f raw -O vmdk -o subformat=twoGbMaxExtentSparse \
    raw big.vmdk
is "$(find . -name 'big-s*.vmdk' | wc -l)" 2 "big: two extents"
is "$(our_data big.vmdk)" "$(qemu_data big.vmdk)" "big: the same data"
"$cat" -t 2 -r 3 big.vmdk ours.out &&
    qemu-img compare -q -f raw -F raw ours.out raw
ok $? "big: we read what was written"
rm -f ours.out qemu.out raw
"$cat" -i big-s002.vmdk 2>error
is "$?" 1 "one extent alone is refused"
grep -q 'big-s002.vmdk: is only a part of a disk' error
ok $? "by name"
rm big-s002.vmdk
"$cat" -i big.vmdk 2>error
is "$?" 1 "an extent that is gone is an error"
grep -q "big-s002.vmdk' beside it, which is not there" error
ok $? "by name"

# Deltas.
qemu-img create -q -f vmdk base.vmdk 10M
qemu-img create -q -f vmdk -b base.vmdk -F vmdk delta.vmdk
"$cat" -i delta.vmdk 2>error
is "$?" 1 "a snapshot's delta is refused"
grep -q 'delta.vmdk: holds only the changes since a snapshot' error
ok $? "by name"
"$cat" -i -f qcow2 base.vmdk 2>error
grep -q 'base.vmdk: is vmdk, not qcow2;' error
ok $? "a manifest that says otherwise"

# cuts NAME COUNT: cut short anywhere, NAME.vmdk gives an error that tells.
# It is cut further each time, so that nothing need be copied.
cuts()
{
    whole=$(stat -c %s "$1.vmdk")
    wrong=0 left=$2
    while [ "$left" -gt 0 ]; do
        left=$((left - 1))
        at=$((whole * left / $2 + left))
        truncate -s "$at" "$1.vmdk"
        "$cat" -f vmdk "$1.vmdk" cut.out 2>error
        rc=$?
        if [ $rc -ne 1 ] || ! grep -q \
            'cut short at byte\|beyond the end\|is raw, not vmdk\|is empty' error; then
            echo "# $1 cut at $at: exit $rc, $(cat error)"
            wrong=$((wrong + 1))
        fi
    done
    is "$wrong" 0 "$1: cut short at $2 places, each is an error that tells"
    rm -f cut.out
}

cuts "monolithicSparse-$large" 25
cuts "streamOptimized-$large" 25
truncate -s -512 "monolithicFlat-$large-flat.vmdk"
"$cat" -i "monolithicFlat-$large.vmdk" 2>error
grep -q "flat.vmdk: cut short at byte $((large - 512)) of an expected $large" \
    error
ok $? "monolithicFlat: cut short"
tap_done
