#!/bin/sh
# build-guest.sh [--kind KIND] OUTDIR: builds a guest from Debian's packages
# as VMware would have it, into OUTDIR: debian12.vmdk, artifact-manifest.json.
# Needs no root. See README.md for the kinds, and guest.sh for a cached one.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"

kind=debian12
case ${1-} in
--kind) kind=${2:?}; shift 2 ;;
--kind=*) kind=${1#--kind=}; shift ;;
esac
[ $# -eq 1 ] || die "usage: build-guest.sh [--kind KIND] OUTDIR"
need mmdebstrap mmdebstrap qemu-img qemu-utils sfdisk fdisk mke2fs e2fsprogs
mkdir -p "$1"
out=$(cd "$1" && pwd)

# What Debian's installer puts on a small server, and no more.
# usr-is-merged stands for usrmerge, which would bring all of perl.
packages=usr-is-merged,linux-image-amd64,systemd-sysv,udev,dbus,initramfs-tools,zstd
packages=$packages,grub-pc-bin,grub2-common,e2fsprogs,util-linux,mount,login
packages=$packages,passwd,kmod,ifupdown,iproute2,procps

set -- --dpkgopt='force-unsafe-io' --dpkgopt='path-exclude=/usr/share/locale/*' \
	--dpkgopt='path-exclude=/usr/share/man/*' \
	--dpkgopt='path-exclude=/usr/share/doc/*' \
	--dpkgopt='path-exclude=/usr/share/info/*'
case $kind in
bench)
	packages=$packages,python3,perl,vim,git,locales,less,openssh-server
	set -- ;;
debian12|debian12-two-kernels)
	# Drivers of hardware that no virtual machine has: half of the guest.
	for dir in gpu/drm/amd gpu/drm/i915 gpu/drm/nouveau gpu/drm/radeon media \
		net/wireless infiniband staging isdn iio hwmon; do
		set -- "$@" --dpkgopt="path-exclude=/lib/modules/*/kernel/drivers/$dir/*"
	done
	set -- "$@" --dpkgopt='path-exclude=/lib/modules/*/kernel/sound/*' ;;
*) die "no such kind: $kind" ;;
esac
# The oldest kernel that the archive still has, beside the newest.
# shellcheck disable=SC2016
[ "$kind" != debian12-two-kernels ] || set -- "$@" --customize-hook='
	old=$(chroot "$1" apt-cache pkgnames linux-image-6 |
		grep -E "^linux-image-[0-9.]+-[0-9]+-amd64$" | sort -V | head -n 1)
	chroot "$1" apt-get install -qq --no-install-recommends "$old"'

# Root of the namespace is an ordinary "other" out here, so what it runs lies
# where others may read, and its result comes back through mmdebstrap's pipe.
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
cp -R "$here/image.sh" "$here/lib.sh" "$here/layout.sh" "$here/grub-probe" \
	"$here/grub-embed.sh" 	"$here/overlay" "$work/"
chmod -R u=rwX,go=rX "$work"

cd / # others may not read where we are, either
# An initramfs is made once, by image.sh, not by each package that asks for it.
INITRD=No; export INITRD
mmdebstrap --mode="${H2K_MMDEBSTRAP_MODE:-auto}" --variant=minbase \
	--hook-dir=/usr/share/mmdebstrap/hooks/merged-usr \
	--format=null --skip=cleanup/apt,cleanup/mmdebstrap --include="$packages" "$@" \
	--customize-hook="sh $work/image.sh \"\$1\" $kind" \
	--customize-hook="download /guest.vmdk $work/guest.vmdk" \
	bookworm - ${H2K_DEBIAN_MIRROR:+"$H2K_DEBIAN_MIRROR"} >"$work/log" 2>&1 || {
	tail -n 30 "$work/log" >&2
	die "mmdebstrap failed"
}
mv "$work/guest.vmdk" "$out/debian12.vmdk"
sh "$here/manifest.sh" "$out/debian12.vmdk" >"$out/artifact-manifest.json"
