# SPDX-License-Identifier: LGPL-3.0-or-later
# Oracle Linux 9: UEK is the default
rpm=sqlite systemd=252-32.el9_4.7
redhat 5.15.0-210.163.7.el9uek.x86_64 5.14.0-427.37.1.el9_4.x86_64
echo 'Red Hat Enterprise Linux release 9.4 (Plow)' | file etc/redhat-release
ln -s redhat-release etc/system-release
title='Oracle Linux Server'
bls 'root=/dev/sda1 ro resume=/dev/sda2 rhgb quiet' 5.15.0-210.163.7.el9uek.x86_64 5.14.0-427.37.1.el9_4.x86_64
grubenv saved_entry=$MACHINE_ID-5.15.0-210.163.7.el9uek.x86_64
echo 'root=/dev/sda1 ro resume=/dev/sda2 rhgb quiet' | file etc/kernel/cmdline
keyfile ens192
os_release <<-END
	NAME="Oracle Linux Server"
	VERSION="9.4"
	ID="ol"
	ID_LIKE="fedora"
	VERSION_ID="9.4"
	PRETTY_NAME="Oracle Linux Server 9.4"
	END
programs usr/bin/dnf
