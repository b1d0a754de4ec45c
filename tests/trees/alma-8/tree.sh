# SPDX-License-Identifier: LGPL-3.0-or-later
# AlmaLinux 8
rpm=bdb systemd=239-82.el8_10.2
redhat 4.18.0-553.22.1.el8_10.x86_64
echo 'AlmaLinux release 8.10 (Cerulean Leopard)' | file etc/redhat-release
ln -s redhat-release etc/system-release
ln -s redhat-release etc/almalinux-release
title='AlmaLinux'
bls '$kernelopts' 4.18.0-553.22.1.el8_10.x86_64
grubenv saved_entry=$MACHINE_ID-4.18.0-553.22.1.el8_10.x86_64 \
    'kernelopts=root=/dev/sda1 ro resume=/dev/sda2 rhgb quiet '
ifcfg sysconfig/network-scripts ens192 TYPE=Ethernet NAME=ens192 DEVICE=ens192 \
    ONBOOT=yes BOOTPROTO=none IPADDR=192.0.2.10 PREFIX=24
os_release <<-END
	NAME="AlmaLinux"
	VERSION="8.10 (Cerulean Leopard)"
	ID="almalinux"
	ID_LIKE="rhel centos fedora"
	VERSION_ID="8.10"
	PRETTY_NAME="AlmaLinux 8.10 (Cerulean Leopard)"
	END
programs usr/bin/dnf
