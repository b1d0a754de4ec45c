disk raw
qemu-img convert -O qcow2 raw disk.qcow2
poke disk.qcow2 72 0000010000000000
manifest disk.qcow2 qcow2
