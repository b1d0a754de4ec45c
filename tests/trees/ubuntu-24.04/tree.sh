# SPDX-License-Identifier: LGPL-3.0-or-later
# Ubuntu 24.04 (noble)
distributor=Ubuntu systemd=255.4-1ubuntu8.4 packer='zstd -q' suffix_of=.ko.zst
debian 6.8.0-45-generic
netplan ens192
echo trixie/sid | file etc/debian_version
printf '%s\n' DISTRIB_ID=Ubuntu DISTRIB_RELEASE=24.04 DISTRIB_CODENAME=noble \
    'DISTRIB_DESCRIPTION="Ubuntu 24.04.1 LTS"' | file etc/lsb-release
os_release <<-END
	PRETTY_NAME="Ubuntu 24.04.1 LTS"
	NAME="Ubuntu"
	VERSION_ID="24.04"
	VERSION="24.04.1 LTS (Noble Numbat)"
	VERSION_CODENAME=noble
	ID=ubuntu
	ID_LIKE=debian
	UBUNTU_CODENAME=noble
	END
