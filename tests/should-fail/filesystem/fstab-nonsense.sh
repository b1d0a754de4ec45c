"$H2K_SOURCE/tests/tiny-guest.sh" disk.raw '
    { printf "one\ntwo fields\n\001\002\377 \200 x\n"
      printf "/dev/sda4 / ext4 defaults 0 1\n"
      printf "/dev/sdz9 /data ext4 defaults 0 2\n/dev/sda2 /boot ext4\n"
      printf "UUID=\042\047 /x\\\\040y ext4 ,,, -1 zzz trailing words\n"
      head -c 20000 /dev/zero | tr "\0" "a"
      printf "\n/dev/sda4 relative ext4 defaults 0 0"; } >etc/fstab'
manifest disk.raw raw
