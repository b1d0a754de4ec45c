"$H2K_SOURCE/tests/tiny-guest.sh" disk.raw 'rm boot/initrd*'
manifest disk.raw raw
