exported_disk && cp web-disk1.vmdk web-disk2.vmdk && ovf web-disk1.vmdk
sed -i 's|</References>|<File ovf:id="g" ovf:href="web-disk2.vmdk"/>&|
    s|</DiskSection>|<Disk ovf:diskId="e" ovf:fileRef="g"/>&|' web.ovf
mkdir out
run() { hyper2kvm convert web.ovf out/web.qcow2; }
report=none
