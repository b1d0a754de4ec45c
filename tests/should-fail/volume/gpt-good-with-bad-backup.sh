# Works, and is told.
guest disk.raw
poke disk.raw $((40 * 1048576 - 512 + 60)) ffffffff
manifest disk.raw raw
