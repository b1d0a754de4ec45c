manifest disk.raw raw
