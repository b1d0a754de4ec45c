# Works, and is told.
guest disk.raw
poke disk.raw 1100 ffffffff
manifest disk.raw raw
