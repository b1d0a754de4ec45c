disk raw
qemu-img convert -O vmdk raw disk.vmdk
poke disk.vmdk 12 ffffffffffffff7f
manifest disk.vmdk vmdk
