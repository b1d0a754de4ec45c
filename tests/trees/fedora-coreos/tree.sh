# SPDX-License-Identifier: LGPL-3.0-or-later
# Fedora CoreOS: OSTree's deployments, the newer one (with the older kernel, as
# after a rollback of it) the default; no fstab
title='Fedora CoreOS' options='root=/dev/sda1 rw rootflags=prjquota'
origin='container-image-reference=ostree-remote-image:fedora:registry:quay.io/fedora/fedora-coreos:stable'
coreos()
{
    cat >"$work/release" <<-END
	NAME="Fedora Linux"
	VERSION="$1 (CoreOS)"
	ID=fedora
	VERSION_ID=${1%%.*}
	PRETTY_NAME="Fedora CoreOS $1"
	VARIANT="CoreOS"
	VARIANT_ID=coreos
	OSTREE_VERSION='$1'
	END
    ostree_deployment fedora-coreos "$1" "$2" "$3" <"$work/release"
}
coreos 42.20250526.3.0 6.14.6-300.fc42.x86_64 1
coreos 42.20250609.3.0 6.14.0-63.fc42.x86_64 2
# $deployment is the second one's.
: >"$deployment/.ostree.cfs"
printf '[composefs]\nenabled = yes\n[sysroot]\nreadonly = true\n' |
    file "$deployment/usr/lib/ostree/prepare-root.conf"
echo coreos | file "$deployment/etc/hostname"
file "$deployment/etc/NetworkManager/system-connections/ens192.nmconnection" 600 <<-END
	[connection]
	id=ens192
	type=ethernet
	interface-name=ens192
	[ipv4]
	address1=192.0.2.10/24,192.0.2.1
	method=manual
	END
printf 'set default="0"\nblscfg\n' | file boot/grub2/grub.cfg 600
