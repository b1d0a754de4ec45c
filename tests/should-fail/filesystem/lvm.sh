guest disk.raw
poke disk.raw $((ROOT_AT + 512)) 4c4142454c4f4e45010000000000000000000000200000004c564d3220303031
head -c 2048 /dev/zero | dd of=disk.raw bs=1 seek=$((ROOT_AT + 1024)) conv=notrunc status=none
manifest disk.raw raw
