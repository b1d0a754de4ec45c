ovf web-disk1.vmdk
migrate ovf
