guest disk.raw
gpt_entry disk.raw 4 32768 -1
manifest disk.raw raw
