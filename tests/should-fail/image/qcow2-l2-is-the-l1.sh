disk raw
qemu-img convert -O qcow2 raw disk.qcow2
l1=$(peek be disk.qcow2 40 8)
poke disk.qcow2 "$l1" "80$(printf '%014x' "$l1")"
manifest disk.qcow2 qcow2
