"$H2K_SOURCE/tests/tiny-guest.sh" disk.raw '
    head -c 10200000 /dev/urandom >boot/filler'
manifest disk.raw raw
