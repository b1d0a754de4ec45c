qemu-img create -q -f vdi disk.vdi 8M
manifest disk.vdi vdi
