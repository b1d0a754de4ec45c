exported_disk && echo secret >secret && ovf web-disk1.vmdk
sed -i '2i <!DOCTYPE x [<!ENTITY s SYSTEM "secret">]>' web.ovf
migrate ovf
