# SPDX-License-Identifier: LGPL-3.0-or-later
# Red Hat Enterprise Linux Server release 6.10 (Santiago): no os-release; upstart, GRUB legacy, ifcfg, rpm's database in
# Berkeley DB.
mkdir -p bin sbin lib usr/bin usr/sbin usr/lib64 etc/init usr/share/dracut
elf sbin/init
programs bin/bash bin/rpm usr/bin/yum
ln -s bash bin/sh
echo 'start on stopped rcS' | file etc/init/rc.conf
echo 'Red Hat Enterprise Linux Server release 6.10 (Santiago)' | file etc/redhat-release
ln -s redhat-release etc/system-release
echo 'Oracle Linux Server release 6.10' | file etc/oracle-release
kernel 4.1.12-124.48.6.el6uek.x86_64 boot/vmlinuz-4.1.12-124.48.6.el6uek.x86_64 boot/initramfs-4.1.12-124.48.6.el6uek.x86_64.img dracut lib/modules
file boot/grub/grub.conf 600 <<-GRUB
	default=0
	timeout=5
	title Oracle Linux Server Unbreakable Enterprise Kernel (4.1.12-124.48.6.el6uek.x86_64)
	root (hd0,0)
	kernel /boot/vmlinuz-4.1.12-124.48.6.el6uek.x86_64 ro root=/dev/sda1 rhgb quiet
	initrd /boot/initramfs-4.1.12-124.48.6.el6uek.x86_64.img
	GRUB
ln -s grub.conf boot/grub/menu.lst
printf '(hd0)\t/dev/sda\n' | file boot/grub/device.map
ln -s ../boot/grub/grub.conf etc/grub.conf
printf 'NETWORKING=yes\nHOSTNAME=%s.example.com\n' "${name%%[.-]*}" |
    file etc/sysconfig/network
ifcfg sysconfig/network-scripts eth0 DEVICE=eth0 HWADDR=00:50:56:aa:bb:01 \
    ONBOOT=yes BOOTPROTO=static IPADDR=192.0.2.10 NETMASK=255.255.255.0
printf 'SELINUX=enforcing\nSELINUXTYPE=targeted\n' | file etc/selinux/config
fstab
rpm_database bdb var/lib/rpm udev=147-2.73.el6_8.2 \
    kernel-uek=4.1.12-124.48.6.el6uek=/boot/vmlinuz-4.1.12-124.48.6.el6uek.x86_64
