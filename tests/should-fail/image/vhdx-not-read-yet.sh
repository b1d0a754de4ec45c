qemu-img create -q -f vhdx disk.vhdx 8M
manifest disk.vhdx vhdx
