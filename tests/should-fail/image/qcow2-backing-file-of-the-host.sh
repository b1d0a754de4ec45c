qemu-img create -q -f qcow2 -u -b /etc/passwd -F raw disk.qcow2 1M
manifest disk.qcow2 qcow2
