# A grain of 64 KiB whose stream holds 64 MiB.
disk raw
qemu-img convert -O vmdk -o subformat=streamOptimized raw disk.vmdk
gd=$(peek le disk.vmdk 56 8)
[ "$gd" -lt $((1 << 62)) ] || exit 1
gt=$(peek le disk.vmdk $((gd * 512)) 4)
grain=$(peek le disk.vmdk $((gt * 512)) 4)
# RFC 1950 and 1951: gzip's deflate stream behind zlib's header.
head -c $((64 << 20)) /dev/zero | gzip -n9 | tail -c +11 | head -c -8 >stream
{ printf '\x78\xda'; cat stream; printf '\0\0\0\1'; } >bomb
size=$(stat -c %s bomb)
poke disk.vmdk $((grain * 512 + 8)) \
    "$(printf '%02x%02x%02x00' $((size & 255)) $((size >> 8 & 255)) $((size >> 16)))"
dd if=bomb of=disk.vmdk bs=1 seek=$((grain * 512 + 12)) conv=notrunc status=none
manifest disk.vmdk vmdk
