# SPDX-License-Identifier: LGPL-3.0-or-later
# Amazon Linux 2023: BLS, systemd-networkd, rpm in SQLite
title='Amazon Linux' class=amzn
rpm=sqlite systemd=252.23-3.amzn2023 kernel_is=kernel6.1
redhat 6.1.112-122.189.amzn2023.x86_64
bls 'root=/dev/sda1 ro console=tty0' 6.1.112-122.189.amzn2023.x86_64
grubenv saved_entry=$MACHINE_ID-6.1.112-122.189.amzn2023.x86_64
programs usr/bin/dnf
echo 'Amazon Linux release 2023.6.20241010 (Amazon Linux)' |
    file usr/lib/system-release
ln -s ../usr/lib/system-release etc/system-release
printf '%s\n' '[Match]' 'Name=ens192' '[Network]' 'DHCP=yes' |
    file etc/systemd/network/70-ens192.network
os_release <<-END
	NAME="Amazon Linux"
	VERSION="2023"
	ID="amzn"
	ID_LIKE="fedora"
	VERSION_ID="2023"
	PLATFORM_ID="platform:al2023"
	PRETTY_NAME="Amazon Linux 2023.6.20241010"
	END
