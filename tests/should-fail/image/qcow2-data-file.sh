qemu-img create -q -f qcow2 -o data_file=data.raw disk.qcow2 8M
manifest disk.qcow2 qcow2
