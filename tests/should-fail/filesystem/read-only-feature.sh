# A feature that only lets read: bit 31 of s_feature_ro_compat.
guest disk.raw
edit_fs disk.raw $ROOT_AT 'ssv feature_ro_compat 0x8000046b'
manifest disk.raw raw
