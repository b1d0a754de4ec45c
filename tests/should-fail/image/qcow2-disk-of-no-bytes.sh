qemu-img create -q -f qcow2 disk.qcow2 0
manifest disk.qcow2 qcow2
