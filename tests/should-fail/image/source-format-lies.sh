guest guest.raw
qemu-img convert -O qcow2 guest.raw disk.vmdk
manifest disk.vmdk vmdk
