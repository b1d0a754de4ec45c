mkfifo disk.raw
manifest disk.raw raw
