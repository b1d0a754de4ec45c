# SPDX-License-Identifier: LGPL-3.0-or-later
# Amazon Linux 2: GRUB 2 without BLS, rpm in Berkeley DB
bls=false suffix_of=.ko
rpm=bdb systemd=219-57.amzn2.0.9 kernel_is=kernel
redhat 5.10.226-214.880.amzn2.x86_64
grub_cfg grub2 'Amazon Linux 2' $entries
echo 'Amazon Linux release 2 (Karoo)' | file etc/system-release
ifcfg sysconfig/network-scripts eth0 DEVICE=eth0 BOOTPROTO=dhcp ONBOOT=yes \
    TYPE=Ethernet
os_release <<-END
	NAME="Amazon Linux"
	VERSION="2"
	ID="amzn"
	ID_LIKE="centos rhel fedora"
	VERSION_ID="2"
	PRETTY_NAME="Amazon Linux 2"
	END
