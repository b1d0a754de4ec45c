guest disk.raw
gpt_entry disk.raw 3 20000 40000
manifest disk.raw raw
