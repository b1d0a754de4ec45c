# One file of 4 GiB less a little, of zeros, in a few hundred KiB.
"$H2K_SOURCE/tests/tiny-guest.sh" disk.raw '
    { printf "070701%08x%08x%08x%08x%08x%08xfffffff0%08x%08x%08x%08x%08x%08x" \
        1 33188 0 0 1 0 0 0 0 0 2 0; printf "a\0\0\0"; } | gzip -n >head
    head -c 67108864 /dev/zero | gzip -n >part
    { cat head; for i in $(seq 64); do
        cat part; done; } >boot/initrd.img-6.1.0-99-amd64
    rm head part'
manifest disk.raw raw
