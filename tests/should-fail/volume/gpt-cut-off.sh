# The copy ended early: the backup and the end of / are missing.
guest disk.raw
truncate -s 20M disk.raw
manifest disk.raw raw
