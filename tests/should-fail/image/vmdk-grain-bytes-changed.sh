disk raw
qemu-img convert -O vmdk -o subformat=streamOptimized raw disk.vmdk
gt=$(peek le disk.vmdk $(($(peek le disk.vmdk 56 8) * 512)) 4)
grain=$(peek le disk.vmdk $((gt * 512)) 4)
poke disk.vmdk $((grain * 512 + 40)) 0123456789abcdef0123456789abcdef
manifest disk.vmdk vmdk
