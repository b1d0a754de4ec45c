# The other one is good: converted, and told.
guest guest.raw
qemu-img convert -O vmdk guest.raw disk.vmdk
gd=$(peek le disk.vmdk 56 8)
gt=$(peek le disk.vmdk $((gd * 512)) 4)
poke disk.vmdk $((gt * 512)) ffffff7f
manifest disk.vmdk vmdk
