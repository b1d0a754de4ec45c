# A raw disk may hold anything, so this is one: without a system.
head -c 300000 /dev/urandom >disk.raw
manifest disk.raw raw
