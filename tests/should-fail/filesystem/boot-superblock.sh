# / can be read; /boot, where the kernels are, cannot.
guest disk.raw
poke disk.raw $((BOOT_AT + 1024 + 1020)) 00000000
manifest disk.raw raw
