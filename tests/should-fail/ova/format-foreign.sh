exported_disk && ovf web-disk1.vmdk '' http://example.com/disk-format
migrate ovf
