# An fstab that is not there in the guest.
echo '/dev/sda2 /boot ext4 defaults 0 0' >fstab
"$H2K_SOURCE/tests/tiny-guest.sh" disk.raw "ln -sf $PWD/fstab etc/fstab"
manifest disk.raw raw
