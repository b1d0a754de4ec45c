guest disk.raw
poke disk.raw $((ROOT_AT + 1024 + 1020)) 00000000
manifest disk.raw raw
