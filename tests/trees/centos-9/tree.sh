# SPDX-License-Identifier: LGPL-3.0-or-later
# CentOS Stream 9
rpm=sqlite systemd=252-32.el9_4.7
redhat 5.14.0-508.el9.x86_64
echo 'CentOS Stream release 9' | file etc/redhat-release
ln -s redhat-release etc/system-release
ln -s redhat-release etc/centos-release
title='CentOS Stream'
bls 'root=/dev/sda1 ro resume=/dev/sda2 rhgb quiet' 5.14.0-508.el9.x86_64
grubenv saved_entry=$MACHINE_ID-5.14.0-508.el9.x86_64
echo 'root=/dev/sda1 ro resume=/dev/sda2 rhgb quiet' | file etc/kernel/cmdline
keyfile ens192
os_release <<-END
	NAME="CentOS Stream"
	VERSION="9"
	ID="centos"
	ID_LIKE="rhel fedora"
	VERSION_ID="9"
	PRETTY_NAME="CentOS Stream 9"
	END
programs usr/bin/dnf
