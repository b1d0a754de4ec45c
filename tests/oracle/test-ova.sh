#!/bin/sh
# SPDX-License-Identifier: LGPL-3.0-or-later
# OVAs that we wrote in one pass, read by GNU tar, libarchive, Python,
# sha256sum, qemu-img and virt-v2v (which compares the manifest's sums, too).
set -u
. "$H2K_SOURCE/tests/tap.sh"
need tar bsdtar python3 sha256sum qemu-img virt-v2v xmllint cmp
tool=$H2K_BUILD/tests/oracle/ovf-tool
cd "$tap_dir" || exit 1
LIBGUESTFS_BACKEND=direct
export LIBGUESTFS_BACKEND

# Disks whose files are no multiples of a block.
for i in 1 2 3; do
    seq $((i * 1000)) $((i * 200000)) | head -c ${i}M >"raw$i"
    qemu-img convert -f raw -O vmdk -o subformat=streamOptimized \
        "raw$i" "x-disk$i.vmdk"
    printf '%0*d' $((i * 7)) 0 >>"x-disk$i.vmdk"
done

# check NAME: NAME.ova and its members; what stands in it comes out again.
check()
{
    base=$("$tool" name "$1")
    printf '%s\n' "$base.ovf" "$base.mf" x-disk1.vmdk x-disk2.vmdk \
        x-disk3.vmdk >expected
    tar --quoting-style=literal -tf o.ova >list 2>err
    cmp -s expected list && [ ! -s err ]
    ok $? "$1: GNU tar lists the members in order, without a warning"
    LC_ALL=C.UTF-8 bsdtar -tf o.ova 2>err | cmp -s expected - && [ ! -s err ]
    ok $? "$1: so does bsdtar"
    python3 -c 'import sys, tarfile
print(*(m.name for m in tarfile.open("o.ova")), sep="\n")' |
        cmp -s expected -
    ok $? "$1: and Python"
    rm -rf u && mkdir u && tar -C u -xf o.ova
    sed -nE 's/^SHA256\((.*)\)= ([0-9a-f]{64})$/\2  \1/p' "u/$base.mf" >sums
    is "$(grep -c . sums)" 4 "$1: every file but itself is in the manifest"
    (cd u && sha256sum --quiet -c ../sums)
    ok $? "$1: sha256sum agrees with it"
    good=0
    for i in 1 2 3; do cmp -s "x-disk$i.vmdk" "u/x-disk$i.vmdk" || good=1; done
    ok $good "$1: the disks come out as they went in"
    xmllint --noout --relaxng "$H2K_SOURCE/tests/oracle/ovf/envelope.rng" \
        "u/$base.ovf" 2>err
    ok $? "$1: the padded OVF is an envelope" || cat err
    tr -d '\0' <"u/$base.ovf" | cmp -s - "u/$base.ovf"
    ok $? "$1: and all of it is text"
    timeout 120 virt-v2v -i ova --print-source "$PWD/o.ova" >v2v 2>&1
    grep -qF "source name: $1" v2v && grep -qF '2 [scsi]' v2v
    ok $? "$1: virt-v2v reads it, and its sums" || sed 's/^/# /' v2v
}

for name in plain 'A & "b" <c>' "it's/Büro"; do
    rm -f o.ova # what virt-v2v started may still have it open
    "$tool" ova o.ova "$name" x-disk1.vmdk x-disk2.vmdk x-disk3.vmdk
    ok $? "$name: written"
    check "$name"
done
rm -f o.ova
RESTART=1 "$tool" ova o.ova again x-disk1.vmdk x-disk2.vmdk x-disk3.vmdk
ok $? "again: each file starts twice"
check again

# qemu-img reads a disk where it stands.
block=$(tar -tRvf o.ova | sed -nE 's/^block ([0-9]+): .* x-disk2.vmdk$/\1/p')
truncate -s "$(($(stat -c %s x-disk2.vmdk) / 512 * 512))" x-disk2.vmdk
qemu-img convert -O raw "json:{\"driver\": \"vmdk\", \"file\": {\"driver\":
    \"raw\", \"offset\": $(((block + 1) * 512)),
    \"size\": $(stat -c %s x-disk2.vmdk), \"file\": {\"driver\": \"file\",
    \"filename\": \"o.ova\"}}}" out 2>err && cmp -s out raw2
ok $? "qemu-img reads a disk inside" || cat err

# A byte that changed is seen by others.
printf X | dd of=o.ova bs=1 seek=$(((block + 1) * 512 + 700)) conv=notrunc \
    status=none
! timeout 120 virt-v2v -i ova --print-source "$PWD/o.ova" >v2v 2>&1 &&
    grep -q 'does not match manifest' v2v
ok $? "virt-v2v sees a changed byte" || sed 's/^/# /' v2v

# ---- 8 GiB and more: holes, so that it takes no room ----

for size in 8589934591 8589934592 9663676417 8796093022208; do
    "$tool" header big.vmdk $size >big.tar
    truncate -s $(((size + 511) / 512 * 512 + 512)) big.tar 2>/dev/null ||
        { ok 0 "$size: no such file here # SKIP"; continue; }
    if [ $size -lt 1000000000000 ]; then # whoever reads on, reads it all
        "$tool" header after 0 >>big.tar
        truncate -s +1024 big.tar
        is "$(tar -tvf big.tar | awk '{ print $3, $6 }' | tr '\n' ' ')" \
            "$size big.vmdk 0 after " "$size: GNU tar"
        is "$(bsdtar -tvf big.tar | awk '{ print $5, $9 }' | tr '\n' ' ')" \
            "$size big.vmdk 0 after " "$size: bsdtar"
    fi
    is "$(python3 -c 'import tarfile
print(tarfile.open("big.tar").next().size)')" $size "$size: Python"
    rm -f big.tar
done

tap_done
