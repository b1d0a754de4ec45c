guest disk.raw
edit_fs disk.raw $ROOT_AT 'ssv inodes_per_group 0'
manifest disk.raw raw
