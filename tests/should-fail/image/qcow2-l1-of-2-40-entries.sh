disk raw
qemu-img convert -O qcow2 raw disk.qcow2
# What a disk of 2^62 bytes with clusters of 512 bytes would need, and more
# than the header has bits for.
poke disk.qcow2 24 3fffffffffffffff
poke disk.qcow2 36 ffffffff
manifest disk.qcow2 qcow2
