exported_disk && ovf web-disk1.vmdk 'ovf:chunkSize="1000000"'
migrate ovf
