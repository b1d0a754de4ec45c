exported_disk && ovf web-disk1.vmdk
printf 'SHA256(web.ovf)= %s\nSHA256(web-disk1.vmdk)= %064d\n' \
    "$(sha256sum <web.ovf | cut -d' ' -f1)" 7 >web.mf
ova web.ovf web.mf web-disk1.vmdk
migrate ova
run() { without_sum --manifest manifest.json; }
