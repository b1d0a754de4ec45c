# The download stopped.
exported_disk && ovf web-disk1.vmdk && truncate -s 1M web-disk1.vmdk
ova web.ovf web-disk1.vmdk
truncate -s 1000000 web.ova
migrate ova
