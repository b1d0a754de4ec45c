ovf web-disk1.vmdk && ova web.ovf
migrate ova
