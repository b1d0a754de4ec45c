# SPDX-License-Identifier: LGPL-3.0-or-later
# Ubuntu 22.04 (jammy)
distributor=Ubuntu systemd=249.11-0ubuntu3.12 packer='zstd -q' suffix_of=.ko
debian 5.15.0-122-generic
netplan ens192
echo bookworm/sid | file etc/debian_version
printf '%s\n' DISTRIB_ID=Ubuntu DISTRIB_RELEASE=22.04 DISTRIB_CODENAME=jammy \
    'DISTRIB_DESCRIPTION="Ubuntu 22.04.5 LTS"' | file etc/lsb-release
os_release <<-END
	PRETTY_NAME="Ubuntu 22.04.5 LTS"
	NAME="Ubuntu"
	VERSION_ID="22.04"
	VERSION="22.04.5 LTS (Jammy Jellyfish)"
	VERSION_CODENAME=jammy
	ID=ubuntu
	ID_LIKE=debian
	UBUNTU_CODENAME=jammy
	END
