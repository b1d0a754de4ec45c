# The memory of a system that sleeps is in a swap file.
"$H2K_SOURCE/tests/tiny-guest.sh" disk.raw '
    truncate -s 64K swapfile
    printf S1SUSPEND | dd of=swapfile bs=1 seek=4086 conv=notrunc status=none
    echo "/swapfile none swap sw 0 0" >>etc/fstab'
manifest disk.raw raw
