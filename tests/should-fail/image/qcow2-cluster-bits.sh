disk raw
qemu-img convert -O qcow2 raw disk.qcow2
poke disk.qcow2 20 0000003f
manifest disk.qcow2 qcow2
