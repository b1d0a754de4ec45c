# SPDX-License-Identifier: LGPL-3.0-or-later
# AlmaLinux 9
rpm=sqlite systemd=252-32.el9_4.7
redhat 5.14.0-427.37.1.el9_4.x86_64
echo 'AlmaLinux release 9.4 (Seafoam Ocelot)' | file etc/redhat-release
ln -s redhat-release etc/system-release
ln -s redhat-release etc/almalinux-release
title='AlmaLinux'
bls 'root=/dev/sda1 ro resume=/dev/sda2 rhgb quiet' 5.14.0-427.37.1.el9_4.x86_64
grubenv saved_entry=$MACHINE_ID-5.14.0-427.37.1.el9_4.x86_64
echo 'root=/dev/sda1 ro resume=/dev/sda2 rhgb quiet' | file etc/kernel/cmdline
keyfile ens192
os_release <<-END
	NAME="AlmaLinux"
	VERSION="9.4 (Seafoam Ocelot)"
	ID="almalinux"
	ID_LIKE="rhel centos fedora"
	VERSION_ID="9.4"
	PRETTY_NAME="AlmaLinux 9.4 (Seafoam Ocelot)"
	END
programs usr/bin/dnf
