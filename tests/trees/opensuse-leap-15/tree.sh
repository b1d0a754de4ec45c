# SPDX-License-Identifier: LGPL-3.0-or-later
# openSUSE Leap 15.6
title='openSUSE Leap 15.6'
rpm=ndb rpm_in=usr/lib/sysimage/rpm systemd=254.18-150600.4.15.10
suse 6.4.0-150600.23.22-default 6.4.0-150600.21-default
os_release <<-END
	NAME="openSUSE Leap"
	VERSION="15.6"
	ID="opensuse-leap"
	ID_LIKE="suse opensuse"
	VERSION_ID="15.6"
	PRETTY_NAME="openSUSE Leap 15.6"
	END
