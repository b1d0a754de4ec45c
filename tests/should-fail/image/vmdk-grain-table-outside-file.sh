disk raw
qemu-img convert -O vmdk raw disk.vmdk
gd=$(peek le disk.vmdk 56 8)
rgd=$(peek le disk.vmdk 48 8)
poke disk.vmdk $((gd * 512)) ffffff7f
poke disk.vmdk $((rgd * 512)) ffffff7f
manifest disk.vmdk vmdk
