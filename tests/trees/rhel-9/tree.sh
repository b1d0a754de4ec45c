# SPDX-License-Identifier: LGPL-3.0-or-later
# RHEL 9: BLS with options, keyfiles, rpm in SQLite
rpm=sqlite systemd=252-32.el9_4.7
redhat 5.14.0-427.37.1.el9_4.x86_64 5.14.0-427.13.1.el9_4.x86_64
echo 'Red Hat Enterprise Linux release 9.4 (Plow)' | file etc/redhat-release
ln -s redhat-release etc/system-release
title='Red Hat Enterprise Linux'
bls 'root=/dev/sda1 ro resume=/dev/sda2 rhgb quiet' 5.14.0-427.37.1.el9_4.x86_64 5.14.0-427.13.1.el9_4.x86_64
grubenv saved_entry=$MACHINE_ID-5.14.0-427.37.1.el9_4.x86_64
echo 'root=/dev/sda1 ro resume=/dev/sda2 rhgb quiet' | file etc/kernel/cmdline
keyfile ens192
os_release <<-END
	NAME="Red Hat Enterprise Linux"
	VERSION="9.4 (Plow)"
	ID="rhel"
	ID_LIKE="fedora"
	VERSION_ID="9.4"
	PRETTY_NAME="Red Hat Enterprise Linux 9.4 (Plow)"
	END
programs usr/bin/dnf
