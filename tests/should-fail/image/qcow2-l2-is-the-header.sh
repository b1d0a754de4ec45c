# A table at byte 0 means none; the bit beside it is reserved.
disk raw
qemu-img convert -O qcow2 raw disk.qcow2
poke disk.qcow2 "$(peek be disk.qcow2 40 8)" 8000000000000001
manifest disk.qcow2 qcow2
