# SPDX-License-Identifier: LGPL-3.0-or-later
# Debian 10 (buster): /lib and /usr/lib are still two directories in upgraded ones
distributor=Debian systemd=241-7~deb10u10 packer='gzip -n' suffix_of=.ko
debian 4.19.0-27-amd64 4.19.0-26-amd64
ifupdown ens192
echo 10.13 | file etc/debian_version
os_release <<-END
	PRETTY_NAME="Debian GNU/Linux 10 (buster)"
	NAME="Debian GNU/Linux"
	VERSION_ID="10"
	VERSION="10 (buster)"
	VERSION_CODENAME=buster
	ID=debian
	HOME_URL="https://www.debian.org/"
	END
