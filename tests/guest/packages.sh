#!/bin/sh
# packages.sh SUITE PACKAGE=VERSION...: prints the file of an ext4 filesystem,
# labelled H2K-PACKAGES, with those packages of Debian's: what a guest that has
# no network installs from, as its last disk. Kept beside the guests.
set -eu
. "$(dirname "$0")/lib.sh"
[ $# -gt 1 ] || die "usage: packages.sh SUITE PACKAGE=VERSION..."
need apt-get apt mke2fs e2fsprogs
suite=$1
shift
cache=${H2K_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/hyper2kvm}/guests
image=$cache/packages-$suite-$(echo "$*" "${H2K_DEBIAN_MIRROR-}" | sha256sum | cut -c1-16).raw
[ ! -e "$image" ] || { echo "$image"; exit 0; }

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
# An apt of its own, as mmdebstrap has it, that knows nothing of this machine.
mkdir -p "$work/etc/apt/apt.conf.d" "$work/etc/apt/preferences.d" "$work/debs" \
	"$work/var/lib/apt/lists/partial" \
	"$work/var/cache/apt/archives/partial" "$work/var/lib/dpkg"
: >"$work/var/lib/dpkg/status"
cat >"$work/apt.conf" <<-CONF
	Dir "$work/";
	Dir::State::Status "$work/var/lib/dpkg/status";
	Dir::Etc::TrustedParts "/etc/apt/trusted.gpg.d/";
	APT::Architecture "amd64";
	APT::Architectures { "amd64"; };
	APT::Sandbox::User "root";
	Acquire::Languages "none";
CONF
keys=/usr/share/keyrings/debian-archive-keyring.gpg
signed=
[ ! -e $keys ] || signed="[signed-by=$keys]"
if [ -n "${H2K_DEBIAN_MIRROR-}" ]; then
	echo "deb $signed $H2K_DEBIAN_MIRROR $suite main"
else
	echo "deb $signed http://deb.debian.org/debian $suite main"
	echo "deb $signed http://deb.debian.org/debian $suite-updates main"
	echo "deb $signed http://security.debian.org/debian-security $suite-security main"
fi >"$work/etc/apt/sources.list"
export APT_CONFIG="$work/apt.conf"
apt-get -qq update >&2
(cd "$work/debs" && apt-get -qq download "$@" >&2)

size=$(du -sm "$work/debs" | cut -f1)
mkdir -p "$cache"
truncate -s "$((size * 5 / 4 + 16))M" "$work/image"
mke2fs -q -F -t ext4 -O ^has_journal -L H2K-PACKAGES -d "$work/debs" "$work/image"
mv "$work/image" "$image.$$"
mv "$image.$$" "$image"
echo "$image"
