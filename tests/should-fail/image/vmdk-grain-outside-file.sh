disk raw
qemu-img convert -O vmdk raw disk.vmdk
for directory in 48 56; do
    gd=$(peek le disk.vmdk $directory 8)
    gt=$(peek le disk.vmdk $((gd * 512)) 4)
    poke disk.vmdk $((gt * 512)) ffffff7f
done
manifest disk.vmdk vmdk
