# The guest's own file of that name is made.
"$H2K_SOURCE/tests/tiny-guest.sh" disk.raw '
    ln -sf ../../../../../../../../../../tmp/h2k-not-here etc/initramfs-tools/modules'
manifest disk.raw raw
run()
{
    hyper2kvm --manifest manifest.json || return
    [ ! -e /tmp/h2k-not-here ]
}
