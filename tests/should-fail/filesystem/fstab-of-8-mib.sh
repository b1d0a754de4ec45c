"$H2K_SOURCE/tests/tiny-guest.sh" disk.raw '
    yes "/dev/sda4 /x ext4 defaults 0 0" | head -c 8388608 >etc/fstab'
manifest disk.raw raw
