disk raw
qemu-img convert -O qcow2 raw disk.qcow2
poke disk.qcow2 40 0000ffffffff0000
manifest disk.qcow2 qcow2
