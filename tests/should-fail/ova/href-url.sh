ovf http://example.com/web-disk1.vmdk
migrate ovf
