# Nobody asked for another file to be read.
guest base.raw
qemu-img create -q -f qcow2 -b base.raw -F raw disk.qcow2
manifest disk.qcow2 qcow2
