#!/bin/sh
# SPDX-License-Identifier: LGPL-3.0-or-later
# initramfs files made by the real tools: listed as cpio lists them, and
# extended so that cpio, depmod's index and modprobe's own lookup agree.
. "$(dirname "$0")/../tap.sh"
need cpio zstd gzip xz bzip2 lz4 lzop bsdtar

tool=$H2K_BUILD/tests/oracle/initramfs-tool
version=6.1.0-1
dir=usr/lib/modules/$version
cd "$tap_dir" || exit 1

# The archive's tree: merged /usr, one module.
mkdir -p in/$dir/kernel/drivers/scsi in/etc in/conf
ln -s usr/lib in/lib
echo sd >in/$dir/kernel/drivers/scsi/sd_mod.ko
echo '#!/bin/sh' >in/init
: >in/conf/initramfs.conf
(cd in && find . | LC_ALL=C sort | cpio --quiet -o -H newc) >main.cpio
mkdir -p ucode/kernel/x86/microcode
head -c 5000 /dev/zero | tr '\0' u >ucode/kernel/x86/microcode/AuthenticAMD.bin
(cd ucode && find . | cpio --quiet -o -H newc) >ucode.cpio
{ cpio --quiet -it <ucode.cpio; cpio --quiet -it <main.cpio; } |
    grep -vx . | LC_ALL=C sort -u >names

# The guest's tree.
guest()
{
    rm -rf tree
    mkdir -p tree/boot tree/$dir/kernel/virtio tree/$dir/kernel/drivers/scsi
    ln -s usr/lib tree/lib
    echo kernel >tree/boot/vmlinuz-$version
    echo sd >tree/$dir/kernel/drivers/scsi/sd_mod.ko
    for module in virtio virtio_ring virtio_pci virtio_blk virtio_scsi; do
        head -c 20000 /dev/urandom >tree/$dir/kernel/virtio/$module.ko
        echo "kernel/virtio/$module.ko: kernel/virtio/virtio.ko"
    done >tree/$dir/modules.dep
    echo "kernel/drivers/scsi/sd_mod.ko:" >>tree/$dir/modules.dep
    head -c 100000 /dev/zero >tree/$dir/modules.dep.bin
    cp "$1" tree/boot/initrd.img-$version
}

# What the kernel would see: each archive unpacked over the one before, cut
# out where our reader says, but decoded by the real tool.
unpack()
{
    rm -rf out
    mkdir out
    "$tool" list "$1" | sed -n 's/^# \([a-z0-9]*\) at \([0-9]*\), \([0-9]*\) .*/\1 \2 \3/p' |
        while read -r kind offset length; do
            tail -c +$((offset + 1)) "$1" | head -c "$length" >segment
            case $kind in
            none) cat segment ;;
            gzip) gzip -dc segment ;;
            zstd) zstd -qdc <segment ;;
            xz) xz -dc <segment ;;
            bzip2) bzip2 -dc segment ;;
            lz4) lz4 -qdc <segment ;;
            lzo) lzop -dc <segment ;;
            esac >decoded || exit 1
            head -c 1024 /dev/zero >>decoded # where blocks are padded
            # lz4 continues one stream: a second archive stands in it.
            (cd out && cpio --quiet -idum <../decoded) || exit 1
            rest=$(cpio -it <decoded 2>&1 >/dev/null | sed -n 's/ block.*//p')
            tail -c +$((rest * 512 + 1)) decoded >more
            if grep -aq 070701 more; then
                at=$(grep -abo 070701 more | head -n 1 | cut -d: -f1)
                tail -c +$((at + 1)) more | (cd out && cpio --quiet -idum) ||
                    exit 1
            fi
        done
}

for kind in plain gzip zstd xz bzip2 lz4 lzo; do
    case $kind in
    plain) cat main.cpio ;;
    gzip) gzip -9n <main.cpio ;;
    zstd) zstd -q -19 <main.cpio ;;
    xz) xz --check=crc32 <main.cpio ;;
    bzip2) bzip2 <main.cpio ;;
    lz4) lz4 -q -l -9 <main.cpio ;;
    lzo) lzop -9 <main.cpio ;;
    esac >packed
    cat ucode.cpio packed >initrd
    "$tool" list initrd | grep -v '^#' >found
    cmp -s names found
    ok $? "$kind: lists what cpio lists"
    is "$("$tool" list initrd | grep -c '^# problem')" 0 "$kind: to its end"

    guest initrd
    "$tool" supplement tree >added
    ok $? "$kind: is extended"
    head -c "$(stat -c %s initrd)" tree/boot/initrd.img-$version | cmp -s - initrd
    ok $? "$kind: what was there stays"
    is "$("$tool" list tree/boot/initrd.img-$version | grep -c '^# problem')" \
        0 "$kind: still reads to its end"
    unpack tree/boot/initrd.img-$version
    good=0
    for module in virtio virtio_ring virtio_pci virtio_blk virtio_scsi; do
        cmp -s tree/$dir/kernel/virtio/$module.ko \
            out/$dir/kernel/virtio/$module.ko || good=1
    done
    cmp -s tree/$dir/modules.dep.bin out/$dir/modules.dep.bin || good=1
    ok $good "$kind: the modules are in it, byte for byte"
    is "$(readlink out/lib)" usr/lib "$kind: lib is the link it was"
    is "$(cat out/init)" '#!/bin/sh' "$kind: and the rest is there"
    is "$("$tool" supplement tree)" "$version 0 modules" \
        "$kind: a second run finds nothing to do"
done

# What is appended alone is an archive that others read.
guest main.cpio
"$tool" supplement tree >/dev/null
tail -c +$(($(stat -c %s main.cpio) + 1)) tree/boot/initrd.img-$version >ours
bsdtar -tf ours >by_tar
cpio --quiet -it <ours >by_cpio
cmp -s by_tar by_cpio
ok $? "bsdtar and cpio list the same in ours"
is "$(grep -c '\.ko$' by_cpio)" 5 "which is five modules"
# Compressed where room is short.
guest initrd
zstd -q -19 <main.cpio >tree/boot/initrd.img-$version
TIGHT=1 "$tool" supplement tree >/dev/null
unpack tree/boot/initrd.img-$version
cmp -s tree/$dir/kernel/virtio/virtio_blk.ko out/$dir/kernel/virtio/virtio_blk.ko
ok $? "compressed by zstd, the modules are in it too"
gzip <main.cpio >tree/boot/initrd.img-$version
TIGHT=1 "$tool" supplement tree >/dev/null
unpack tree/boot/initrd.img-$version
cmp -s tree/$dir/kernel/virtio/virtio_blk.ko out/$dir/kernel/virtio/virtio_blk.ko
ok $? "and by gzip"
xz --check=crc32 <main.cpio >tree/boot/initrd.img-$version
TIGHT=1 "$tool" supplement tree >/dev/null
unpack tree/boot/initrd.img-$version
cmp -s tree/$dir/kernel/virtio/virtio_blk.ko out/$dir/kernel/virtio/virtio_blk.ko
ok $? "and by xz"
tap_done
