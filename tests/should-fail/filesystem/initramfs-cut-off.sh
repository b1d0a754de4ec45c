"$H2K_SOURCE/tests/tiny-guest.sh" disk.raw '
    truncate -s 200 boot/initrd.img-6.1.0-99-amd64'
manifest disk.raw raw
