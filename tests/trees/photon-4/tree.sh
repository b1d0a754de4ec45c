# SPDX-License-Identifier: LGPL-3.0-or-later
# Photon OS 4: tdnf, systemd-networkd; the menu reads /boot/photon.cfg, a link
# to the kernel's own file.
merged_usr
systemd_guest
programs usr/bin/rpm usr/bin/tdnf
mkdir -p etc/dracut.conf.d usr/lib/dracut
kernel 5.10.226-1.ph4 boot/vmlinuz-5.10.226-1.ph4 boot/initrd.img-5.10.226-1.ph4 dracut lib/modules .ko.xz
printf '%s\n' 'photon_cmdline=init=/lib/systemd/systemd rcupdate.rcu_expedited=1' \
    'photon_linux=vmlinuz-5.10.226-1.ph4' 'photon_initrd=initrd.img-5.10.226-1.ph4' |
    file boot/linux-5.10.226-1.ph4.cfg
ln -s linux-5.10.226-1.ph4.cfg boot/photon.cfg
printf '%s\n' 'set default=0' 'set rootpartition=/dev/sda1' \
    'load_env -f /boot/photon.cfg' 'menuentry "Photon" {' \
    '    linux /boot/$photon_linux root=$rootpartition $photon_cmdline' \
    '    if [ -f /boot/$photon_initrd ]; then' \
    '        initrd /boot/$photon_initrd' '    fi' '}' |
    file boot/grub2/grub.cfg 600
printf '%s\n' 'VMware Photon OS 4.0' 'PHOTON_BUILD_NUMBER=1526e30ba' |
    file etc/photon-release
printf '%s\n' '[Match]' 'Name=e*' '[Network]' 'DHCP=yes' |
    file etc/systemd/network/99-dhcp-en.network
fstab
hostname_is photon
os_release <<-END
	NAME="VMware Photon OS"
	VERSION="4.0"
	ID=photon
	VERSION_ID=4.0
	PRETTY_NAME="VMware Photon OS/Linux"
	END
rpm_kernels sqlite var/lib/rpm linux 247.13-11.ph4 5.10.226-1.ph4
