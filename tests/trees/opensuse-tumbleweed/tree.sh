# SPDX-License-Identifier: LGPL-3.0-or-later
# openSUSE Tumbleweed: modules in /usr/lib/modules, images too, links in /boot
title='openSUSE Tumbleweed' modules_in=usr/lib/modules
rpm=ndb rpm_in=usr/lib/sysimage/rpm systemd=256.6-1.1
suse 6.11.3-1-default
mv boot/vmlinuz-6.11.3-1-default usr/lib/modules/6.11.3-1-default/vmlinuz
ln -s ../usr/lib/modules/6.11.3-1-default/vmlinuz boot/vmlinuz-6.11.3-1-default
os_release <<-END
	NAME="openSUSE Tumbleweed"
	ID="opensuse-tumbleweed"
	ID_LIKE="opensuse suse"
	VERSION_ID="20241018"
	PRETTY_NAME="openSUSE Tumbleweed"
	END
