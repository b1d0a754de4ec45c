# SPDX-License-Identifier: LGPL-3.0-or-later
# RHEL 7: GRUB 2 without BLS, ifcfg, rpm in Berkeley DB
bls=false
rpm=bdb systemd=219-78.el7_9.9 kernel_is=kernel
redhat 3.10.0-1160.119.1.el7.x86_64 3.10.0-1160.el7.x86_64
echo 'Red Hat Enterprise Linux Server release 7.9 (Maipo)' | file etc/redhat-release
ln -s redhat-release etc/system-release
title='Red Hat Enterprise Linux Server'
# shellcheck disable=SC2086,SC2154
grub_cfg grub2 "$title" $entries
ifcfg sysconfig/network-scripts ens192 TYPE=Ethernet NAME=ens192 DEVICE=ens192 \
    ONBOOT=yes BOOTPROTO=none IPADDR=192.0.2.10 PREFIX=24
os_release <<-END
	NAME="Red Hat Enterprise Linux Server"
	VERSION="7.9 (Maipo)"
	ID="rhel"
	ID_LIKE="fedora"
	VERSION_ID="7.9"
	PRETTY_NAME="Red Hat Enterprise Linux Server 7.9 (Maipo)"
	END
