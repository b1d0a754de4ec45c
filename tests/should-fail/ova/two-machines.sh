exported_disk && ovf web-disk1.vmdk
sed -i 's|</VirtualSystem>|&<VirtualSystem ovf:id="db"><Info>B</Info></VirtualSystem>|' web.ovf
migrate ovf
