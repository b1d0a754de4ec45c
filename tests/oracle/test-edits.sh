#!/bin/sh
# SPDX-License-Identifier: LGPL-3.0-or-later
# What the tools that read these files make of them after the edits: libmount
# of fstab, the shell of /etc/default/grub, GRUB's parser of grub.cfg.
. "$H2K_SOURCE/tests/tap.sh"
need findmnt sh
edit=$H2K_BUILD/tests/oracle/edit-text
cd "$tap_dir" || exit 1
uuid=00000000-0000-4000-8000-0000000000

# fields FSTAB: every field but the device, as libmount reads them.
fields()
{
    findmnt --tab-file "$1" --noheadings --raw \
        --output TARGET,FSTYPE,OPTIONS,FREQ,PASSNO
}

sources()
{
    findmnt --tab-file "$1" --noheadings --raw --output SOURCE
}

printf '%s\n' '# /dev/sda4 was on / during installation' \
    '/dev/sda4   /      ext4 errors=remount-ro 0 1' \
    '  /dev/sda2	/boot ext2 defaults 0 2 # not a field' \
    '/dev/sda3 none swap sw 0 0' \
    '/dev/sdb1 /srv/with\040blank xfs defaults,nofail 0 2' \
    'UUID="0b2c7a52-5f5e-4d7a-8f0c-2f1d3c4b5a02" /home ext4' \
    'tmpfs /tmp tmpfs size=1g' \
    '/dev/sr0 /media/cdrom0 udf,iso9660 user,noauto 0 0' >fstab
"$edit" fstab <fstab >fstab.new
is "$(fields fstab | wc -l)" 7 "libmount reads the table"
is "$(fields fstab.new)" "$(fields fstab)" "and of the new one the same fields"
is "$(sources fstab.new | head -n 4 | tr '\n' ' ')" \
    "UUID=${uuid}a4 UUID=${uuid}a2 UUID=${uuid}a3 UUID=${uuid}b1 " \
    "and the volumes' own names"
is "$(sources fstab.new | tail -n +5)" "$(sources fstab | tail -n +5)" \
    "the others stay"

cat >default <<'EOF'
# It's the guest's, don't touch
GRUB_DEFAULT=0
GRUB_DISTRIBUTOR=`echo Debian 2> /dev/null || echo x`
GRUB_CMDLINE_LINUX_DEFAULT="quiet \"a b\" resume=/dev/sda3"
GRUB_CMDLINE_LINUX='console=tty0 root=/dev/sda4'
GRUB_CMDLINE_LINUX="$GRUB_CMDLINE_LINUX splash"
GRUB_DISABLE_LINUX_UUID="true"
if [ -n "$GRUB_DEFAULT" ]; then
GRUB_DISABLE_LINUX_UUID=true
fi
GRUB_DEVICE=/dev/sda4
EOF
"$edit" default <default >default.new
for shell in sh bash; do
    command -v "$shell" >/dev/null || continue
    # shellcheck disable=SC2016
    is "$("$shell" -c '. ./default.new && printf "%s|" "$GRUB_DISTRIBUTOR" \
        "$GRUB_CMDLINE_LINUX_DEFAULT" "$GRUB_CMDLINE_LINUX" \
        "$GRUB_DISABLE_LINUX_UUID" "$GRUB_DEVICE"')" \
        "Debian|quiet \"a b\" resume=UUID=${uuid}a3|console=tty0 root=UUID=${uuid}a4 splash|false|/dev/disk/by-uuid/${uuid}a4|" \
        "$shell reads the new values"
done

need grub-script-check
cat >menu <<'EOF'
function gfxmode {
	set gfxpayload="${1}"
}
menuentry 'Debian GNU/Linux, it'"'"'s' --class debian $menuentry_id_option 'simple-/dev/sda4' {
	if [ x$grub_platform = xxen ]; then insmod xzio; insmod lzopio; fi
	set root='hd0,gpt2'
	echo	'Loading root=/dev/sda4 ...'
	linux	/vmlinuz root=/dev/sda4 ro "resume=/dev/sda3" \
		quiet
	initrd	/initrd.img
}
menuentry "bare" { linux /bare root=/dev/sda4 }
EOF
grub-script-check menu
ok $? "GRUB takes the menu that is edited"
"$edit" menu <menu >menu.new
grub-script-check menu.new
ok $? "and what becomes of it"
is "$(diff menu menu.new | grep '^>')" "> 	linux	/vmlinuz root=UUID=${uuid}a4 ro \"resume=UUID=${uuid}a3\" \\
> menuentry \"bare\" { linux /bare root=PARTUUID=11111111-0000-4000-8000-0000000000a4 }" \
    "only the command lines are others"
tap_done
