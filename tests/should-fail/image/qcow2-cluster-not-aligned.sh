disk raw
qemu-img convert -O qcow2 raw disk.qcow2
l1=$(peek be disk.qcow2 40 8)
l2=$(($(peek be disk.qcow2 "$l1" 8) & 0x00fffffffffffe00))
poke disk.qcow2 "$l2" 8000000000050200
manifest disk.qcow2 qcow2
