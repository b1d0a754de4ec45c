guest disk.raw
poke disk.raw $((ROOT_AT + 2048 + 8)) ffffff7f
manifest disk.raw raw
