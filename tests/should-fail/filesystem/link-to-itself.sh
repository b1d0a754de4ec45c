"$H2K_SOURCE/tests/tiny-guest.sh" disk.raw "
    ln -sf fstab etc/fstab
    ln -sf b etc/a && ln -sf a etc/b && rm etc/hostname && ln -s a etc/hostname"
manifest disk.raw raw
