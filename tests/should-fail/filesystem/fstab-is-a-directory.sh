"$H2K_SOURCE/tests/tiny-guest.sh" disk.raw '
    rm etc/fstab && mkdir etc/fstab'
manifest disk.raw raw
