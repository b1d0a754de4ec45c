"$H2K_SOURCE/tests/tiny-guest.sh" disk.raw 'rm boot/vmlinuz*'
manifest disk.raw raw
