"$H2K_SOURCE/tests/tiny-guest.sh" disk.raw
free=$(debugfs -R 'show_super_stats -h' "disk.raw?offset=$ROOT_AT" 2>/dev/null |
    awk '/^Free blocks/ { print $3 }')
head -c $((free * 1024)) /dev/zero | tr '\0' x >more
edit_fs disk.raw "$ROOT_AT" 'write more more'
manifest disk.raw raw
run()
{
    hyper2kvm --manifest manifest.json --no-backup
}
