exported_disk && gzip web-disk1.vmdk && ovf web-disk1.vmdk.gz 'ovf:compression="gzip"'
ova web.ovf web-disk1.vmdk.gz
migrate ova
