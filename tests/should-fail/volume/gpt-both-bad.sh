guest disk.raw
poke disk.raw 600 ffffffff
poke disk.raw $((40 * 1048576 - 512 + 88)) ffffffff
manifest disk.raw raw
