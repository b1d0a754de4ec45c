guest guest.raw
qemu-img convert -O vmdk guest.raw disk.qcow2
manifest disk.qcow2 qcow2
