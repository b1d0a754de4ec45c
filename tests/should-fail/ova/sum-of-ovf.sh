exported_disk && ovf web-disk1.vmdk
printf 'SHA256(web.ovf)= %064d\n' 7 >web.mf
ova web.ovf web.mf web-disk1.vmdk
migrate ova
