guest disk.raw
# Not unmounted cleanly, and the log is no log.
edit_fs disk.raw $ROOT_AT 'feature needs_recovery'
journal=$(debugfs -R 'bmap <8> 0' "disk.raw?offset=$ROOT_AT" 2>/dev/null)
poke disk.raw $((ROOT_AT + journal * 1024)) 00112233445566778899aabbccddeeff
manifest disk.raw raw
