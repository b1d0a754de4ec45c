exported_disk && ova web-disk1.vmdk
migrate ova
