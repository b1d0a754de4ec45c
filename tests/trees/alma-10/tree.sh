# SPDX-License-Identifier: LGPL-3.0-or-later
# AlmaLinux 10
rpm=sqlite systemd=257-9.el10
redhat 6.12.0-55.9.1.el10_0.x86_64
echo 'AlmaLinux release 10.0 (Purple Lion)' | file etc/redhat-release
ln -s redhat-release etc/system-release
ln -s redhat-release etc/almalinux-release
title='AlmaLinux'
bls 'root=/dev/sda1 ro resume=/dev/sda2 rhgb quiet' 6.12.0-55.9.1.el10_0.x86_64
grubenv saved_entry=$MACHINE_ID-6.12.0-55.9.1.el10_0.x86_64
echo 'root=/dev/sda1 ro resume=/dev/sda2 rhgb quiet' | file etc/kernel/cmdline
keyfile ens192
os_release <<-END
	NAME="AlmaLinux"
	VERSION="10.0 (Purple Lion)"
	ID="almalinux"
	ID_LIKE="rhel centos fedora"
	VERSION_ID="10.0"
	PRETTY_NAME="AlmaLinux 10.0 (Purple Lion)"
	END
programs usr/bin/dnf
