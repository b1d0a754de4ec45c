"$H2K_SOURCE/tests/tiny-guest.sh" disk.raw '
    rm usr/lib/modules/*/kernel/drivers/block/virtio_blk.ko'
manifest disk.raw raw
