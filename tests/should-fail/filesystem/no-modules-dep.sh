"$H2K_SOURCE/tests/tiny-guest.sh" disk.raw 'rm usr/lib/modules/*/modules.dep'
manifest disk.raw raw
