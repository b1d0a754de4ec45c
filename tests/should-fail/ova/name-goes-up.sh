# A member that would land outside, for who unpacks: it is nobody's disk.
exported_disk && ovf web-disk1.vmdk
tar --format=ustar -b1 -P --transform 's,web-disk1,../web-disk1,' -cf web.ova \
    web.ovf web-disk1.vmdk
migrate ova
