# SPDX-License-Identifier: LGPL-3.0-or-later
# Rocky Linux 10
rpm=sqlite systemd=257-9.el10
redhat 6.12.0-55.9.1.el10_0.x86_64
echo 'Rocky Linux release 10.0 (Red Quartz)' | file etc/redhat-release
ln -s redhat-release etc/system-release
ln -s redhat-release etc/rocky-release
title='Rocky Linux'
bls 'root=/dev/sda1 ro resume=/dev/sda2 rhgb quiet' 6.12.0-55.9.1.el10_0.x86_64
grubenv saved_entry=$MACHINE_ID-6.12.0-55.9.1.el10_0.x86_64
echo 'root=/dev/sda1 ro resume=/dev/sda2 rhgb quiet' | file etc/kernel/cmdline
keyfile ens192
os_release <<-END
	NAME="Rocky Linux"
	VERSION="10.0 (Red Quartz)"
	ID="rocky"
	ID_LIKE="rhel centos fedora"
	VERSION_ID="10.0"
	PRETTY_NAME="Rocky Linux 10.0 (Red Quartz)"
	END
programs usr/bin/dnf
