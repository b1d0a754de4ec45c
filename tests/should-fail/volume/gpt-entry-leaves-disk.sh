guest disk.raw
gpt_entry disk.raw 4 32768 99999999
manifest disk.raw raw
