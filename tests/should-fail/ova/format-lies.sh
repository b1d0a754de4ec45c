disk raw && qemu-img convert -O qcow2 raw web-disk1.vmdk && rm raw
ovf web-disk1.vmdk && ova web.ovf web-disk1.vmdk
migrate ova
