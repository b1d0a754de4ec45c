guest disk.raw
edit_fs disk.raw $ROOT_AT 'ssv log_block_size 40'
manifest disk.raw raw
