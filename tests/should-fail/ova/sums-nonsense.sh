exported_disk && ovf web-disk1.vmdk && echo 'see the web site' >web.mf
migrate ovf
