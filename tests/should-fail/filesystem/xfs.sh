# The magic of its superblock, and a size.
guest disk.raw
head -c 4096 /dev/zero | dd of=disk.raw bs=1 seek=$ROOT_AT conv=notrunc status=none
poke disk.raw $ROOT_AT 58465342000010000000000000001700
manifest disk.raw raw
