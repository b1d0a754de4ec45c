disk raw
qemu-img convert -O qcow2 raw disk.qcow2
table=$(peek be disk.qcow2 48 8)
poke disk.qcow2 "$(peek be disk.qcow2 40 8)" "80$(printf '%014x' "$table")"
manifest disk.qcow2 qcow2
