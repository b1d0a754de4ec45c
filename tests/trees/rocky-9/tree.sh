# SPDX-License-Identifier: LGPL-3.0-or-later
# Rocky Linux 9
rpm=sqlite systemd=252-32.el9_4.7
redhat 5.14.0-427.37.1.el9_4.x86_64
echo 'Rocky Linux release 9.4 (Blue Onyx)' | file etc/redhat-release
ln -s redhat-release etc/system-release
ln -s redhat-release etc/rocky-release
title='Rocky Linux'
bls 'root=/dev/sda1 ro resume=/dev/sda2 rhgb quiet' 5.14.0-427.37.1.el9_4.x86_64
grubenv saved_entry=$MACHINE_ID-5.14.0-427.37.1.el9_4.x86_64
echo 'root=/dev/sda1 ro resume=/dev/sda2 rhgb quiet' | file etc/kernel/cmdline
keyfile ens192
os_release <<-END
	NAME="Rocky Linux"
	VERSION="9.4 (Blue Onyx)"
	ID="rocky"
	ID_LIKE="rhel centos fedora"
	VERSION_ID="9.4"
	PRETTY_NAME="Rocky Linux 9.4 (Blue Onyx)"
	END
programs usr/bin/dnf
