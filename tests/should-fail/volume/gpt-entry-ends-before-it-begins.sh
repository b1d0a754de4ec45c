guest disk.raw
gpt_entry disk.raw 4 40000 39000
manifest disk.raw raw
