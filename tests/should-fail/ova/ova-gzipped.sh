exported_disk && ovf web-disk1.vmdk && ova web.ovf web-disk1.vmdk
gzip -c web.ova >zipped && mv zipped web.ova
migrate ova
