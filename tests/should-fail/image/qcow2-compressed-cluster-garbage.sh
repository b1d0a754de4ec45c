disk raw
qemu-img convert -c -O qcow2 raw disk.qcow2
l1=$(peek be disk.qcow2 40 8)
l2=$(($(peek be disk.qcow2 "$l1" 8) & 0x00fffffffffffe00))
at=$(($(peek be disk.qcow2 "$l2" 8) & 0x3fffffffffffff))
poke disk.qcow2 $((at + 2)) ffffffffffffffffffffffffffffffff
manifest disk.qcow2 qcow2
