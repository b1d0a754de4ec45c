"$H2K_SOURCE/tests/tiny-guest.sh" disk.raw '
    seq -f "/dev/sda4 /mnt/%g ext4 defaults 0 0" 1000 >>etc/fstab'
manifest disk.raw raw
