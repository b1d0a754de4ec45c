exported_disk && ovf web-disk1.vmdk && truncate -s 4M web-disk1.vmdk
tar -b1 --format=gnu -S -cf web.ova web.ovf web-disk1.vmdk
migrate ova
