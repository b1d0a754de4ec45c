# SPDX-License-Identifier: LGPL-3.0-or-later
# Ubuntu 20.04 (focal)
distributor=Ubuntu systemd=245.4-4ubuntu3.24 packer='lz4 -lq' suffix_of=.ko
debian 5.4.0-196-generic 5.4.0-195-generic
netplan ens192
echo bullseye/sid | file etc/debian_version
printf '%s\n' DISTRIB_ID=Ubuntu DISTRIB_RELEASE=20.04 DISTRIB_CODENAME=focal \
    'DISTRIB_DESCRIPTION="Ubuntu 20.04.6 LTS"' | file etc/lsb-release
os_release <<-END
	PRETTY_NAME="Ubuntu 20.04.6 LTS"
	NAME="Ubuntu"
	VERSION_ID="20.04"
	VERSION="20.04.6 LTS (Focal Fossa)"
	VERSION_CODENAME=focal
	ID=ubuntu
	ID_LIKE=debian
	UBUNTU_CODENAME=focal
	END
