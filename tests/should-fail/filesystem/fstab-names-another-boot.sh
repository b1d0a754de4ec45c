"$H2K_SOURCE/tests/tiny-guest.sh" disk.raw '
    sed -i "s|/dev/sda2|UUID=00000000-0000-4000-8000-000000000000|" etc/fstab'
manifest disk.raw raw
