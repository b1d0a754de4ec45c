# SPDX-License-Identifier: LGPL-3.0-or-later
# Oracle Linux 8: UEK is the default
rpm=bdb systemd=239-82.el8_10.2
redhat 5.15.0-209.161.7.2.el8uek.x86_64 4.18.0-553.el8_10.x86_64
echo 'Red Hat Enterprise Linux release 8.10 (Ootpa)' | file etc/redhat-release
ln -s redhat-release etc/system-release
title='Oracle Linux Server'
bls '$kernelopts' 5.15.0-209.161.7.2.el8uek.x86_64 4.18.0-553.el8_10.x86_64
grubenv saved_entry=$MACHINE_ID-5.15.0-209.161.7.2.el8uek.x86_64 \
    'kernelopts=root=/dev/sda1 ro resume=/dev/sda2 rhgb quiet '
ifcfg sysconfig/network-scripts ens192 TYPE=Ethernet NAME=ens192 DEVICE=ens192 \
    ONBOOT=yes BOOTPROTO=none IPADDR=192.0.2.10 PREFIX=24
os_release <<-END
	NAME="Oracle Linux Server"
	VERSION="8.10"
	ID="ol"
	ID_LIKE="fedora"
	VERSION_ID="8.10"
	PRETTY_NAME="Oracle Linux Server 8.10"
	END
programs usr/bin/dnf
