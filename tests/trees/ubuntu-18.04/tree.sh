# SPDX-License-Identifier: LGPL-3.0-or-later
# Ubuntu 18.04 (bionic)
distributor=Ubuntu systemd=237-3ubuntu10.57 packer='gzip -n' suffix_of=.ko
debian 4.15.0-213-generic
netplan ens192
echo buster/sid | file etc/debian_version
printf '%s\n' DISTRIB_ID=Ubuntu DISTRIB_RELEASE=18.04 DISTRIB_CODENAME=bionic \
    'DISTRIB_DESCRIPTION="Ubuntu 18.04.6 LTS"' | file etc/lsb-release
os_release <<-END
	PRETTY_NAME="Ubuntu 18.04.6 LTS"
	NAME="Ubuntu"
	VERSION_ID="18.04"
	VERSION="18.04.6 LTS (Bionic Beaver)"
	VERSION_CODENAME=bionic
	ID=ubuntu
	ID_LIKE=debian
	UBUNTU_CODENAME=bionic
	END
