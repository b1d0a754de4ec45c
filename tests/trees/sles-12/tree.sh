# SPDX-License-Identifier: LGPL-3.0-or-later
# SLES 12 SP5: SuSE-release beside os-release, /lib apart, rpm in Berkeley DB
title='SLES 12-SP5'
rpm=bdb systemd=228-157.60.1
suse 4.12.14-122.222-default 4.12.14-120-default
printf '%s\n' 'SUSE Linux Enterprise Server 12 (x86_64)' 'VERSION = 12' \
    'PATCHLEVEL = 5' '# This file is deprecated' | file etc/SuSE-release
os_release <<-END
	NAME="SLES"
	VERSION="12-SP5"
	VERSION_ID="12.5"
	PRETTY_NAME="SUSE Linux Enterprise Server 12 SP5"
	ID="sles"
	ANSI_COLOR="0;32"
	CPE_NAME="cpe:/o:suse:sles:12:sp5"
	END
