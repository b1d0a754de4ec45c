exported_disk && ovf web-disk1.vmdk && cp web.ovf other.ovf
ova web.ovf other.ovf web-disk1.vmdk
migrate ova
