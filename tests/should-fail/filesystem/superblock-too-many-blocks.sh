guest disk.raw
edit_fs disk.raw $ROOT_AT 'ssv blocks_count 99999999'
manifest disk.raw raw
