# SPDX-License-Identifier: LGPL-3.0-or-later
# Fedora 42: /usr/sbin is a link to bin
sbin=merged class=fedora packer='zstd -q'
rpm=sqlite systemd=257.3-7.fc42
redhat 6.14.0-63.fc42.x86_64 6.13.9-300.fc42.x86_64
echo 'Fedora release 42 (Adams)' | file etc/redhat-release
ln -s redhat-release etc/system-release
ln -s redhat-release etc/fedora-release
title='Fedora Linux'
bls 'root=/dev/sda1 ro resume=/dev/sda2 rhgb quiet' 6.14.0-63.fc42.x86_64 6.13.9-300.fc42.x86_64
grubenv saved_entry=$MACHINE_ID-6.14.0-63.fc42.x86_64
echo 'root=/dev/sda1 ro resume=/dev/sda2 rhgb quiet' | file etc/kernel/cmdline
keyfile ens192
os_release <<-END
	NAME="Fedora Linux"
	VERSION="42 (Server Edition)"
	ID="fedora"
	VERSION_ID="42"
	PRETTY_NAME="Fedora Linux 42 (Server Edition)"
	END
programs usr/bin/dnf5 usr/bin/dnf
