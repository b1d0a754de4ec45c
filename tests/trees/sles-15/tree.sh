# SPDX-License-Identifier: LGPL-3.0-or-later
# SLES 15 SP6: rpm in NDB
title='SLES 15-SP6'
rpm=ndb rpm_in=usr/lib/sysimage/rpm systemd=254.18-150600.4.15.10
suse 6.4.0-150600.23.22-default
os_release <<-END
	NAME="SLES"
	VERSION="15-SP6"
	VERSION_ID="15.6"
	PRETTY_NAME="SUSE Linux Enterprise Server 15 SP6"
	ID="sles"
	ID_LIKE="suse"
	CPE_NAME="cpe:/o:suse:sles:15:sp6"
	END
