# Which of the two is meant?
exported_disk && ovf web-disk1.vmdk && ova web.ovf web-disk1.vmdk
tar -b1 -rf web.ova web-disk1.vmdk
migrate ova
