# What is read does not depend on them: converted, and told.
disk raw
qemu-img convert -O qcow2 raw disk.qcow2
poke disk.qcow2 48 0000ffffffff0000
manifest disk.qcow2 qcow2 "$CONVERT_ONLY"
