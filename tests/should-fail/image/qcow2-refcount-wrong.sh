# What is read does not depend on it: converted, and told.
guest guest.raw
qemu-img convert -O qcow2 guest.raw disk.qcow2
block=$(peek be disk.qcow2 "$(peek be disk.qcow2 48 8)" 8)
poke disk.qcow2 $((block + 12)) 0000
manifest disk.qcow2 qcow2
