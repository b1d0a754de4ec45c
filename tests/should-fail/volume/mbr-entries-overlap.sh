guest disk.raw dos
poke disk.raw 458 00900000
manifest disk.raw raw
