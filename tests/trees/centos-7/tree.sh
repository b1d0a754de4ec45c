# SPDX-License-Identifier: LGPL-3.0-or-later
# CentOS 7: os-release has the major version only
bls=false
rpm=bdb systemd=219-78.el7_9.9 kernel_is=kernel
redhat 3.10.0-1160.119.1.el7.x86_64
echo 'CentOS Linux release 7.9.2009 (Core)' | file etc/redhat-release
ln -s redhat-release etc/system-release
ln -s redhat-release etc/centos-release
title='CentOS Linux'
# shellcheck disable=SC2086,SC2154
grub_cfg grub2 "$title" $entries
ifcfg sysconfig/network-scripts ens192 TYPE=Ethernet NAME=ens192 DEVICE=ens192 \
    ONBOOT=yes BOOTPROTO=none IPADDR=192.0.2.10 PREFIX=24
os_release <<-END
	NAME="CentOS Linux"
	VERSION="7 (Core)"
	ID="centos"
	ID_LIKE="rhel fedora"
	VERSION_ID="7"
	PRETTY_NAME="CentOS Linux 7 (Core)"
	END
