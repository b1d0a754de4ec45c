#!/bin/sh
# build-guest.sh [--kind KIND] OUTDIR: builds a guest from Debian's packages as
# VMware would have it, into OUTDIR: a VMDK for each disk, and
# artifact-manifest.json. Needs no root. See README.md, and guest.sh for a
# cached one.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"

kind=debian12
case ${1-} in
--kind) kind=${2:?}; shift 2 ;;
--kind=*) kind=${1#--kind=}; shift ;;
esac
[ $# -eq 1 ] || die "usage: build-guest.sh [--kind KIND] OUTDIR"
kinds=$here/kinds
[ -e "$kinds/$kind.sh" ] || die "no such kind: $kind"
# shellcheck source=/dev/null
. "$kinds/$kind.sh"
need mmdebstrap mmdebstrap qemu-img qemu-utils mke2fs e2fsprogs \
	busybox busybox-static cpio cpio modprobe kmod
mkdir -p "$1"
out=$(cd "$1" && pwd)

# Root of the namespace is an ordinary "other" out here, so what it runs lies
# where others may read, and its result comes back through mmdebstrap's pipe.
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
cp -R "$here/tree.sh" "$here/lib.sh" "$here/installer" "$kinds" \
	"$here/overlay" "$work/"
chmod -R u=rwX,go=rX "$work"
begun=$(date +%s)
step() { say "$(($(date +%s) - begun)) s: $*"; }

set -- --dpkgopt='force-unsafe-io'
if [ -z "${whole-}" ]; then
	for dir in locale man doc info; do
		set -- "$@" --dpkgopt="path-exclude=/usr/share/$dir/*"
	done
	# Drivers of hardware that no virtual machine has: half of the guest.
	for dir in gpu/drm/amd gpu/drm/i915 gpu/drm/nouveau gpu/drm/radeon media \
		net/wireless infiniband staging isdn iio hwmon; do
		set -- "$@" --dpkgopt="path-exclude=*/lib/modules/*/kernel/drivers/$dir/*"
	done
	set -- "$@" --dpkgopt='path-exclude=*/lib/modules/*/kernel/sound/*'
fi
cd / # others may not read where we are, either
# An initramfs is made once, in the end, not by each package that asks for it.
INITRD=No; export INITRD
mmdebstrap --mode="${H2K_MMDEBSTRAP_MODE:-auto}" --variant=minbase \
	--hook-dir=/usr/share/mmdebstrap/hooks/merged-usr \
	--format=null --skip=cleanup/apt,cleanup/mmdebstrap \
	--include="$(echo $packages | tr ' ' ,)" "$@" \
	${more_packages:+--customize-hook="$more_packages"} \
	--customize-hook="sh $work/tree.sh \"\$1\" $kind" \
	--customize-hook="copy-out /h2k $work" \
	"$suite" - ${H2K_DEBIAN_MIRROR:+"$H2K_DEBIAN_MIRROR"} >"$work/log" 2>&1 || {
	tail -n 30 "$work/log" >&2
	die "mmdebstrap failed"
}
step "packages"
sh "$here/install-guest.sh" "$kind" "$work/h2k" "$work"
step "installed"
for raw in "$work"/disk?.raw; do
	n=${raw%.raw}
	n=${n##*disk}
	qemu-img convert -O vmdk -o subformat=streamOptimized \
		"$raw" "$out/$kind-disk$n.vmdk"
	rm "$raw"
done
[ ! -e "$work/vars.fd" ] || mv "$work/vars.fd" "$out/nvram.fd"
[ -z "${passphrase-}" ] || printf %s "$passphrase" >"$out/disk.key"
step "vmdk"
sh "$here/manifest.sh" "$kind" "$out" >"$out/artifact-manifest.json"
