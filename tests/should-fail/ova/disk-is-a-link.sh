exported_disk && ovf web-disk1.vmdk && mv web-disk1.vmdk elsewhere.vmdk
ln -s elsewhere.vmdk web-disk1.vmdk && ova web.ovf web-disk1.vmdk
migrate ova
