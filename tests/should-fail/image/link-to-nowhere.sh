ln -s nothing.raw disk.raw
manifest disk.raw raw
