"$H2K_SOURCE/tests/tiny-guest.sh" disk.raw 'rm -r usr/lib/modules'
manifest disk.raw raw
