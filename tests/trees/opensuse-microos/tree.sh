# SPDX-License-Identifier: LGPL-3.0-or-later
# openSUSE MicroOS: what is in its root snapshot; tests/oracle/test-read-only.sh
# makes one of btrfs of it, which is read-only
title='openSUSE MicroOS' modules_in=usr/lib/modules
rpm=ndb rpm_in=usr/lib/sysimage/rpm systemd=256.6-1.1
suse 6.11.3-1-default
mkdir -p var
os_release <<-END
	NAME="openSUSE MicroOS"
	ID="opensuse-microos"
	ID_LIKE="suse opensuse opensuse-tumbleweed microos sl-micro"
	VERSION_ID="20241018"
	PRETTY_NAME="openSUSE MicroOS"
	END
programs usr/sbin/transactional-update
