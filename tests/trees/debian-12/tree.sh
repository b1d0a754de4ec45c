# SPDX-License-Identifier: LGPL-3.0-or-later
# Debian 12 (bookworm)
distributor=Debian systemd=252.30-1~deb12u2 packer='zstd -q' suffix_of=.ko
debian 6.1.0-25-amd64 6.1.0-23-amd64
ifupdown ens192
echo 12.7 | file etc/debian_version
os_release <<-END
	PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"
	NAME="Debian GNU/Linux"
	VERSION_ID="12"
	VERSION="12 (bookworm)"
	VERSION_CODENAME=bookworm
	ID=debian
	HOME_URL="https://www.debian.org/"
	END
