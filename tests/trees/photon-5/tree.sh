# SPDX-License-Identifier: LGPL-3.0-or-later
# Photon OS 5: tdnf, systemd-networkd; the menu reads /boot/photon.cfg, a link
# to the kernel's own file.
merged_usr
systemd_guest
programs usr/bin/rpm usr/bin/tdnf
mkdir -p etc/dracut.conf.d usr/lib/dracut
kernel 6.1.112-1.ph5 boot/vmlinuz-6.1.112-1.ph5 boot/initrd.img-6.1.112-1.ph5 dracut lib/modules .ko.xz
printf '%s\n' 'photon_cmdline=init=/lib/systemd/systemd rcupdate.rcu_expedited=1' \
    'photon_linux=vmlinuz-6.1.112-1.ph5' 'photon_initrd=initrd.img-6.1.112-1.ph5' |
    file boot/linux-6.1.112-1.ph5.cfg
ln -s linux-6.1.112-1.ph5.cfg boot/photon.cfg
printf '%s\n' 'set default=0' 'set rootpartition=/dev/sda1' \
    'load_env -f /boot/photon.cfg' 'menuentry "Photon" {' \
    '    linux /boot/$photon_linux root=$rootpartition $photon_cmdline' \
    '    if [ -f /boot/$photon_initrd ]; then' \
    '        initrd /boot/$photon_initrd' '    fi' '}' |
    file boot/grub2/grub.cfg 600
printf '%s\n' 'VMware Photon OS 5.0' 'PHOTON_BUILD_NUMBER=dde71ec57' |
    file etc/photon-release
printf '%s\n' '[Match]' 'Name=e*' '[Network]' 'DHCP=yes' |
    file etc/systemd/network/99-dhcp-en.network
fstab
hostname_is photon
os_release <<-END
	NAME="VMware Photon OS"
	VERSION="5.0"
	ID=photon
	VERSION_ID=5.0
	PRETTY_NAME="VMware Photon OS/Linux"
	END
rpm_kernels sqlite usr/lib/sysimage/rpm linux 253.19-8.ph5 6.1.112-1.ph5
