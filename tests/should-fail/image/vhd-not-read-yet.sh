qemu-img create -q -f vpc disk.vhd 8M
manifest disk.vhd vhd
