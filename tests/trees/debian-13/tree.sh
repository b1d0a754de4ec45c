# SPDX-License-Identifier: LGPL-3.0-or-later
# Debian 13 (trixie)
distributor=Debian systemd=257.8-1~deb13u1 packer='zstd -q' suffix_of=.ko.xz
debian 6.12.43+deb13-amd64 6.12.41+deb13-amd64
ifupdown ens192
# What initramfs-tools takes of dracut
echo tool | file usr/lib/dracut/dracut-install
echo 13.1 | file etc/debian_version
os_release <<-END
	PRETTY_NAME="Debian GNU/Linux 13 (trixie)"
	NAME="Debian GNU/Linux"
	VERSION_ID="13"
	VERSION="13 (trixie)"
	VERSION_CODENAME=trixie
	ID=debian
	HOME_URL="https://www.debian.org/"
	END
