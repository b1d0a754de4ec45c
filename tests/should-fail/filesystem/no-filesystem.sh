guest disk.raw
head -c 2048 /dev/zero | dd of=disk.raw bs=1 seek=$ROOT_AT conv=notrunc status=none
manifest disk.raw raw
