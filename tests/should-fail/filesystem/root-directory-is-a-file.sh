guest disk.raw
edit_fs disk.raw $ROOT_AT 'sif <2> mode 0100644'
manifest disk.raw raw
