# SPDX-License-Identifier: LGPL-3.0-or-later
# Arch: images without versions, mkinitcpio, pacman, systemd-networkd
merged_usr sbin
systemd_guest
programs usr/bin/pacman
kernel 6.11.3-arch1-1 boot/vmlinuz-linux boot/initramfs-linux.img mkinitcpio \
    usr/lib/modules .ko.zst 'zstd -q'
cp boot/initramfs-linux.img boot/initramfs-linux-fallback.img
cp boot/vmlinuz-linux usr/lib/modules/6.11.3-arch1-1/vmlinuz
echo linux >usr/lib/modules/6.11.3-arch1-1/pkgbase
printf '%s\n' 'MODULES=()' 'BINARIES=()' 'FILES=()' \
    'HOOKS=(base udev autodetect modconf block filesystems fsck)' |
    file etc/mkinitcpio.conf
pacman_database systemd=256.7-1 linux=6.11.3.arch1-1=usr/lib/modules/6.11.3-arch1-1/vmlinuz
grub_cfg grub 'Arch Linux' 6.11.3-arch1-1:boot/vmlinuz-linux:boot/initramfs-linux.img
printf '%s\n' '[Match]' 'Name=ens192' '[Network]' 'Address=192.0.2.10/24' |
    file etc/systemd/network/20-wired.network
: | file etc/arch-release
fstab rw,relatime
hostname_is arch
os_release <<-END
	NAME="Arch Linux"
	PRETTY_NAME="Arch Linux"
	ID=arch
	BUILD_ID=rolling
	ANSI_COLOR="38;2;23;147;209"
	END
