# Not VMDK, and nothing else that has a mark: it could be a raw disk.
head -c 300000 /dev/urandom >disk.vmdk
manifest disk.vmdk vmdk
