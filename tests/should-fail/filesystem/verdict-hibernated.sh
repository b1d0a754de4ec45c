guest disk.raw
# swap at 14 MiB holds the memory of a system that sleeps.
poke disk.raw $(((14 << 20) + 4086)) 533153555350454e4400
report=none
run()
{
    hyper2kvm inspect disk.raw
}
