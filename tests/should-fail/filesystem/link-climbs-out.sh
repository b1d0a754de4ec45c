# Of the guest's root, to a file of the host: it is not read.
echo "the host's" >secret
climb=../../../../../../../../../..
"$H2K_SOURCE/tests/tiny-guest.sh" disk.raw "
    ln -sf $climb$PWD/secret etc/hostname
    ln -sf $climb$PWD/secret etc/network/interfaces
    ln -sf $PWD/secret etc/default/grub"
manifest disk.raw raw
run()
{
    hyper2kvm --manifest manifest.json -vv --print-fstab || return
    ! grep -q "the host's" out/report.json
}
