exported_disk && ovf web-disk1.vmdk
printf 'SHA1(web-disk1.vmdk)= %040d\n' 7 >web.mf
mkdir out
run() { without_sum convert web.ovf out/web.qcow2; }
report=none
