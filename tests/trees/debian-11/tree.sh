# SPDX-License-Identifier: LGPL-3.0-or-later
# Debian 11 (bullseye)
distributor=Debian systemd=247.3-7+deb11u6 packer='gzip -n' suffix_of=.ko
debian 5.10.0-32-amd64 5.10.0-31-amd64
ifupdown ens192
echo 11.11 | file etc/debian_version
os_release <<-END
	PRETTY_NAME="Debian GNU/Linux 11 (bullseye)"
	NAME="Debian GNU/Linux"
	VERSION_ID="11"
	VERSION="11 (bullseye)"
	VERSION_CODENAME=bullseye
	ID=debian
	HOME_URL="https://www.debian.org/"
	END
