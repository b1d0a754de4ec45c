# A boot sector of NTFS where the second partition is.
guest disk.raw
head -c $((23 << 20)) /dev/zero |
    dd of=disk.raw bs=1M seek=16 conv=notrunc status=none
poke disk.raw $ROOT_AT eb52904e5446532020202000020800000000000000f80000
poke disk.raw $((ROOT_AT + 36)) 80008000ffb7000000000000040000000000000002000000
poke disk.raw $((ROOT_AT + 64)) f60000000100000012345678
poke disk.raw $((ROOT_AT + 510)) 55aa
manifest disk.raw raw
