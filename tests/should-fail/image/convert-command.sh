# The command for disks alone loses nothing either.
disk raw
qemu-img convert -O qcow2 raw disk.qcow2
l1=$(peek be disk.qcow2 40 8)
l2=$(($(peek be disk.qcow2 "$l1" 8) & 0x00fffffffffffe00))
poke disk.qcow2 $((l2 + 8 * 9)) 8000ffffffff0000
mkdir out
run() { hyper2kvm convert disk.qcow2 out/disk.raw; }
report=none
