# SPDX-License-Identifier: LGPL-3.0-or-later
# Debian unstable: os-release has no VERSION_ID, debian_version has names
distributor=Debian systemd=258~rc4-1 packer='zstd -q' suffix_of=.ko.xz
debian 6.16.7+deb14-amd64
ifupdown ens192
echo forky/sid | file etc/debian_version
os_release <<-END
	PRETTY_NAME="Debian GNU/Linux forky/sid"
	NAME="Debian GNU/Linux"
	VERSION_CODENAME=forky
	ID=debian
	HOME_URL="https://www.debian.org/"
	END
