# Its magic is gone, and with it whatever says that it is an ext4.
guest disk.raw
poke disk.raw $((ROOT_AT + 1024 + 56)) 0000
manifest disk.raw raw
