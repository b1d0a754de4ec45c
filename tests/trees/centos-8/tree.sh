# SPDX-License-Identifier: LGPL-3.0-or-later
# CentOS Stream 8
rpm=bdb systemd=239-82.el8_10.2
redhat 4.18.0-553.6.1.el8.x86_64
echo 'CentOS Stream release 8' | file etc/redhat-release
ln -s redhat-release etc/system-release
ln -s redhat-release etc/centos-release
title='CentOS Stream'
bls '$kernelopts' 4.18.0-553.6.1.el8.x86_64
grubenv saved_entry=$MACHINE_ID-4.18.0-553.6.1.el8.x86_64 \
    'kernelopts=root=/dev/sda1 ro resume=/dev/sda2 rhgb quiet '
ifcfg sysconfig/network-scripts ens192 TYPE=Ethernet NAME=ens192 DEVICE=ens192 \
    ONBOOT=yes BOOTPROTO=none IPADDR=192.0.2.10 PREFIX=24
os_release <<-END
	NAME="CentOS Stream"
	VERSION="8"
	ID="centos"
	ID_LIKE="rhel fedora"
	VERSION_ID="8"
	PRETTY_NAME="CentOS Stream 8"
	END
programs usr/bin/dnf
