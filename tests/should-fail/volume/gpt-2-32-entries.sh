guest disk.raw
for header in 512 $((40 * 1048576 - 512)); do
    poke disk.raw $((header + 80)) ffffffff
done
gpt_seal disk.raw
manifest disk.raw raw
