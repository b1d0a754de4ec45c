disk raw
qemu-img convert -O vmdk -o subformat=streamOptimized raw disk.vmdk
gt=$(peek le disk.vmdk $(($(peek le disk.vmdk 56 8) * 512)) 4)
grain=$(peek le disk.vmdk $((gt * 512 + 4 * 7)) 4)
poke disk.vmdk $((grain * 512 + 40)) 0123456789abcdef0123456789abcdef
mkdir out
run() { hyper2kvm convert disk.vmdk out/disk.qcow2; }
report=none
