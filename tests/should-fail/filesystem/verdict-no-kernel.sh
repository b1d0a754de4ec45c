"$H2K_SOURCE/tests/tiny-guest.sh" disk.raw 'rm -r boot/* usr/lib/modules'
report=none
run()
{
    hyper2kvm inspect disk.raw
}
