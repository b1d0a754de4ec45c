guest disk.raw
edit_fs disk.raw $ROOT_AT 'ssv feature_incompat 0x800002c2'
manifest disk.raw raw
