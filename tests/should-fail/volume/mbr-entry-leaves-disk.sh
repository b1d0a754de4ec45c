guest disk.raw dos
poke disk.raw 458 ffffff7f
manifest disk.raw raw
