guest disk.raw
edit_fs disk.raw $ROOT_AT 'sif /etc block[2] 0x7f000000' 'sif /etc block[5] 0x7f000000'
manifest disk.raw raw
