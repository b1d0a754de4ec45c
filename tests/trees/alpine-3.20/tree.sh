# SPDX-License-Identifier: LGPL-3.0-or-later
# Alpine 3.20.3: busybox, OpenRC, mkinitfs, extlinux, apk; /usr is not merged
mkdir -p bin sbin lib usr/bin usr/sbin
elf bin/busybox
for applet in bin/sh sbin/init; do ln -s /bin/busybox $applet; done
programs sbin/apk sbin/openrc
kernel 6.6.56-0-lts boot/vmlinuz-lts boot/initramfs-lts mkinitfs lib/modules .ko.gz
echo 'features="ata base ext4 keymap kms mmc nvme scsi usb virtio"' |
    file etc/mkinitfs/mkinitfs.conf
apk_database openrc=0.54-r1 eudev=3.2.14-r2 linux-lts=6.6.56-r0=boot/vmlinuz-lts
file boot/extlinux.conf <<-END
	DEFAULT lts
	PROMPT 0
	LABEL lts
	  MENU LABEL Linux lts
	  LINUX vmlinuz-lts
	  INITRD initramfs-lts
	  APPEND root=/dev/sda1 modules=sd-mod,ext4 quiet rootfstype=ext4
	END
printf '%s\n' 'default_kernel_opts="quiet rootfstype=ext4"' root=/dev/sda1 \
    modules=sd-mod,ext4 default=lts | file etc/update-extlinux.conf
printf '%s\n' 'auto lo' 'iface lo inet loopback' 'auto eth0' \
    'iface eth0 inet dhcp' | file etc/network/interfaces
echo 3.20.3 | file etc/alpine-release
fstab rw,relatime
hostname_is alpine
os_release <<-END
	NAME="Alpine Linux"
	ID=alpine
	VERSION_ID=3.20.3
	PRETTY_NAME="Alpine Linux v3.20"
	END
