guest disk.raw dos
second=$((28672 + $(peek le disk.raw $((28672 * 512 + 470)) 4)))
poke disk.raw $((second * 512 + 458)) ffffff0f
manifest disk.raw raw
