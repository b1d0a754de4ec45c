guest disk.raw
poke disk.raw $ROOT_AT 4c554b53babe0002
manifest disk.raw raw
