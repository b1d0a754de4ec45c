guest disk.raw dos
# The second table of the chain (sector 28672 and 2048 on) names the first.
second=$((28672 + $(peek le disk.raw $((28672 * 512 + 470)) 4)))
poke disk.raw $((second * 512 + 462)) \
    00000000050000000000000000080000
poke disk.raw $((second * 512 + 510)) 55aa
manifest disk.raw raw
