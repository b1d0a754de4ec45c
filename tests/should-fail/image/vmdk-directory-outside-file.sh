disk raw
qemu-img convert -O vmdk raw disk.vmdk
poke disk.vmdk 56 ffffffffffff0000
poke disk.vmdk 48 ffffffffffff0000
manifest disk.vmdk vmdk
