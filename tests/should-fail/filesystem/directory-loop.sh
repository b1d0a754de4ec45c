# Directories that hold themselves: nobody walks in circles.
guest disk.raw
edit_fs disk.raw $ROOT_AT 'link /etc /etc/loop' 'link / /usr/lib/modules/loop' \
    'link /etc/systemd /etc/systemd/system/loop'
manifest disk.raw raw
