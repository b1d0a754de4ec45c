guest disk.raw
for header in 512 $((40 * 1048576 - 512)); do
    poke disk.raw $((header + 84)) 00000000
done
gpt_seal disk.raw
manifest disk.raw raw
