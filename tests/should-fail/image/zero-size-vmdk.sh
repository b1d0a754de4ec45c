: >disk.vmdk
manifest disk.vmdk vmdk
