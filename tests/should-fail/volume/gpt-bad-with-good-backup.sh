# Works, and is told.
guest disk.raw
poke disk.raw 600 ffffffff
manifest disk.raw raw
