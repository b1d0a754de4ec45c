#!/bin/sh
# SPDX-License-Identifier: LGPL-3.0-or-later
# Our qcow2 against QEMU's: what we write, what we read, and what the check
# says of good and of damaged images.
set -u
. "$H2K_SOURCE/tests/tap.sh"
need qemu-img qemu-io awk cmp dd
bin=$H2K_BUILD/tests/oracle
cd "$tap_dir" || exit 1

# put OFFSET-IN-KIB SIZE-IN-KIB FILE RAW: bytes of FILE over and over.
put()
{
    while cat "$3" 2>/dev/null; do :; done | head -c "$(($2 * 1024))" |
        dd of="$4" bs=64k seek="$(($1 * 1024))" oflag=seek_bytes \
            iflag=fullblock conv=notrunc status=none
}

# make_raw SIZE-IN-BYTES RAW: text, noise, one byte, zeros and holes, both
# larger and smaller than a cluster, as far as they go into it.
make_raw()
{
    rm -f "$2"
    truncate -s "$(($1 > 12582912 ? $1 : 12582912))" "$2"
    put 0 500 text "$2"
    put 512 700 noise "$2"
    put 1300 2000 text "$2"
    put 3400 33 noise "$2"
    put 3456 16 ones "$2"
    put 3520 200 /dev/zero "$2"
    for i in 0 1 2 3 4 5 6 7 8 9; do
        put $((4096 + i * 96)) 40 noise "$2"
        put $((4096 + i * 96 + 40)) 50 text "$2"
    done
    put 8191 1000 ones "$2"
    truncate -s "$1" "$2"
    printf end | dd of="$2" bs=1 seek="$(($1 < 3 ? 0 : $1 - 3))" \
        conv=notrunc status=none
    truncate -s "$1" "$2"
}

awk 'BEGIN { for (i = 0; i < 20000; i++) print i, i * i % 97 }' >text
head -c 300000 /dev/urandom >noise
tr '\0' '\377' </dev/zero | head -c 100000 >ones

# written NAME RAW COMPRESSION LEVEL CLUSTER: everything that must hold of
# what we write.
written()
{
    "$bin/image-write" qcow2 "$3" "$4" "$5" "$2" w.qcow2 &&
        qemu-img check -q w.qcow2 &&
        qemu-img compare -q -f raw -F qcow2 "$2" w.qcow2 &&
        qemu-img convert -f qcow2 -O raw w.qcow2 back &&
        cmp back "$2"
    ok $? "$1: QEMU finds it good, and reads what was written"
    "$bin/qcow2-check" w.qcow2 >/dev/null && "$bin/image-cat" w.qcow2 back &&
        cmp back "$2"
    ok $? "$1: so do we"
}

large=$((9 * 1048576 + 1536))
for size in 0 512 65536 $large; do
    make_raw "$size" "raw-$size"
    for kind in none zlib zstd; do
        written "$size $kind" "raw-$size" $kind 0 65536
    done
done
for kind in none zlib zstd; do
    for cluster in 512 4096 2097152; do
        written "clusters of $cluster, $kind" "raw-$large" $kind 0 $cluster
    done
done
for how in "zlib 1" "zlib 9" "zstd 1" "zstd 9"; do
    # shellcheck disable=SC2086 # two words
    written "$how" "raw-$large" $how 0
done
make_raw $large raw
"$bin/image-write" raw none 0 0 raw back && cmp back raw
ok $? "raw: the same bytes"
is "$(($(stat -c %b back) <= $(stat -c %b raw)))" 1 "raw: and no more blocks"

# A size that QEMU would cut down to whole sectors.
printf 'odd' >odd
"$bin/image-write" qcow2 none 0 0 odd w.qcow2
qemu-img convert -O raw w.qcow2 back && head -c 3 back | cmp - odd
ok $? "a disk of 3 bytes keeps them all"

# Our files against QEMU's own.
make_raw $((40 * 1048576)) raw
put 13000 20000 text raw
for kind in zlib zstd; do
    "$bin/image-write" qcow2 $kind 0 0 raw w.qcow2
    qemu-img convert -c -O qcow2 -o compression_type=$kind raw q.qcow2
    ours=$(stat -c %s w.qcow2) theirs=$(stat -c %s q.qcow2)
    [ $((ours * 100)) -le $((theirs * 102)) ]
    ok $? "$kind: $ours bytes, where QEMU needs $theirs"
done

# What QEMU writes.
make_raw $large raw
for options in compat=0.10 cluster_size=512 cluster_size=4k cluster_size=2M \
    extended_l2=on refcount_bits=1 refcount_bits=64 lazy_refcounts=on \
    compression_type=zstd preallocation=metadata preallocation=falloc \
    preallocation=full compression_type=zstd,cluster_size=2M; do
    for c in "" -c; do
        case $options$c in preallocation*-c) continue ;; esac
        # shellcheck disable=SC2086 # nothing, or one word
        qemu-img convert $c -O qcow2 -o "$options" raw q.qcow2 || continue
        "$bin/image-cat" q.qcow2 back && cmp back raw
        ok $? "$options $c: we read what QEMU wrote"
        "$bin/image-cat" -t 4 -r 7 q.qcow2 back && cmp back raw
        ok $? "$options $c: also in odd pieces on four threads"
        "$bin/qcow2-check" q.qcow2 >check
        ok $? "$options $c: and find it good"
        is "$(sed -n '1s/.* data //p' check)" \
            "$(qemu-img check --output=json q.qcow2 | awk -F'[:,]' '
                /"allocated-cl/ { a = $2 } /"compressed-cl/ { c = $2 }
                END { print a + 0, "compressed", c + 0 }')" \
            "$options $c: with as many clusters"
    done
done

# Clusters that are only given out are no data.
qemu-img create -q -f qcow2 -o preallocation=metadata q.qcow2 64M
qemu-io -c 'write -P 7 1M 64k' q.qcow2 >/dev/null
is "$("$bin/image-cat" -e q.qcow2 | awk '$3 == "data" { n += $2 }
    END { print (n >= 65536 && n <= 1048576) }')" 1 \
    "preallocated clusters are not read"

# Written to by QEMU in any order; zeros over data; subclusters.
for options in cluster_size=4k compat=0.10 extended_l2=on,cluster_size=16k; do
    qemu-img create -q -f qcow2 -o "$options" q.qcow2 8M
    qemu-io -c 'write -P 1 5M 1M' -c 'write -P 2 64k 3k' -c 'write -P 3 1M 2M' \
        -c 'write -z 1500k 100k' -c 'write -z 5M 64k' -c 'write -P 4 7k 1k' \
        -c 'discard 2M 128k' -c 'write -P 5 6M 512' q.qcow2 >/dev/null
    qemu-img convert -O raw q.qcow2 theirs
    "$bin/image-cat" q.qcow2 back && cmp back theirs
    ok $? "$options: an image that was in use reads the same"
    "$bin/qcow2-check" q.qcow2 >/dev/null
    ok $? "$options: and is good"
done
qemu-img snapshot -c one q.qcow2
qemu-io -c 'write -P 9 5M 1M' q.qcow2 >/dev/null
qemu-img convert -O raw q.qcow2 theirs
"$bin/image-cat" q.qcow2 back && cmp back theirs
ok $? "of an image with a snapshot, the present is read"

# refused WORDS NAME
refused()
{
    "$bin/image-cat" q.qcow2 back 2>error
    is "$?" 1 "$2 is refused"
    grep -q "$1" error
    ok $? "by name"
}
qemu-img create -q -f qcow2 -o data_file=d.raw q.qcow2 1M
refused 'external data file' "an external data file"
qemu-img create -q -f qcow2 -b raw -F raw q.qcow2
refused 'its backing file "raw": flatten' "a backing file"
# On a busy machine QEMU may fail to measure the time of its key derivation.
for _ in 1 2 3 4 5; do
    qemu-img create -q -f qcow2 --object secret,id=s,data=secret \
        -o encrypt.format=luks,encrypt.key-secret=s,encrypt.iter-time=100 \
        q.qcow2 1M && break
done
refused 'encrypted (LUKS)' "encryption"

# 1 TiB with a little data at the ends: time goes with the data.
truncate -s 1T big
put 0 1000 text big
put $((1024 * 1024 * 1024 - 300)) 300 noise big
put $((700 * 1024 * 1024 + 5)) 10 text big
for how in none zlib; do
    "$bin/image-write" qcow2 $how 0 0 big w.qcow2 && qemu-img check -q w.qcow2
    ok $? "1 TiB, $how: QEMU finds it good"
    qemu-img compare -q -f raw -F qcow2 big w.qcow2
    ok $? "1 TiB, $how: and the same"
    is "$("$bin/image-cat" -e w.qcow2 | awk '$3 == "data" { n += $2 }
        END { print (n > 1300000 && n < 1600000), (NR < 50) }')" "1 1" \
        "1 TiB, $how: few extents, all of the data"
done
rm big

# poke FILE OFFSET HEX: eight bytes.
poke()
{
    printf "%s" "$3" | sed 's/../\\x&/g' | xargs -0 printf |
        dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}

# at FILE OFFSET: eight bytes there, in hexadecimal.
at()
{
    od -An -v -tx1 -j "$2" -N 8 "$1" | tr -d ' \n'
}

# same_verdict NAME: d.qcow2 is as good or as bad for us as for QEMU.
same_verdict()
{
    qemu-img check d.qcow2 >/dev/null 2>&1
    theirs=$?
    "$bin/qcow2-check" d.qcow2 >check
    ours=$?
    is "$ours" "$theirs" "$1: QEMU says the same: $(sed -n 2p check)"
}

# damage NAME OFFSET HEX EXPECTED-STATUS
damage()
{
    cp good.qcow2 d.qcow2
    poke d.qcow2 "$2" "$3"
    same_verdict "$1"
    is "$ours" "$4" "$1: and so it should"
}

make_raw $large raw
for how in none zlib; do
    "$bin/image-write" qcow2 $how 0 0 raw good.qcow2
    l1=$((0x$(at good.qcow2 40))) table=$((0x$(at good.qcow2 48)))
    l2=$((0x$(at good.qcow2 $l1 | cut -c 3-))) # without its flag
    block=$((0x$(at good.qcow2 $table)))
    damage "$how: nothing" 0 "$(at good.qcow2 0)" 0
    damage "$how: refcounts of zero" $((block + 8)) 0000000000000000 2
    damage "$how: refcounts too high" $((block + 8)) 7777777777777777 2
    damage "$how: L2 table gone" $l1 0000000000000000 3
    damage "$how: cluster gone" $l2 0000000000000000 3
    damage "$how: L2 table on the L1 table" $l1 \
        "$(printf '80%014x' $l1)" 2
    damage "$how: data on the L1 table" $l2 "$(printf '80%014x' $l1)" 2
    damage "$how: data on an L2 table" $l2 "$(printf '80%014x' $l2)" 2
    damage "$how: data twice" $l2 "$(at good.qcow2 $((l2 + 8 * 9)))" 2
    damage "$how: data beyond the end" $l2 8000100000000000 2
    damage "$how: data off a cluster" $l2 8000000000012200 2
    damage "$how: L2 table off a cluster" $l1 8000000000012200 2
    damage "$how: compressed beyond the end" $l2 4000100000000000 2
    damage "$how: no refcount block" $table 0000000000000000 2
    damage "$how: refcount block beyond" $((table + 8)) 0000100000000000 2
done
tap_done
