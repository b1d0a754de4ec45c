#!/bin/sh
# guest.sh [KIND]: prints the directory that holds the guest of that KIND,
# NAME.vmdk and artifact-manifest.json, after building it if need be.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"
kind=${1:-debian12}
cache=${H2K_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/hyper2kvm}/guests

# The name is made of all that makes the guest.
sources='build-guest.sh image.sh layout.sh grub-probe grub-embed.sh manifest.sh lib.sh'
case $kind in
debian12|debian12-two-kernels|bench) ;;
debian12-unclean) sources="$sources cut-off.sh churn.sh boot.sh" ;;
*) die "no such kind: $kind" ;;
esac
hash=$(cd "$here" && {
	echo "$kind ${H2K_DEBIAN_MIRROR-}"
	# shellcheck disable=SC2086
	{ printf '%s\n' $sources; find overlay -type f | LC_ALL=C sort; } | xargs sha256sum
} | sha256sum | cut -c1-16)
dir=$cache/$kind-$hash
[ ! -d "$dir" ] || { echo "$dir"; exit 0; }

# Only one builds; who waited finds it done.
need flock util-linux
mkdir -p "$cache"
exec 9>"$cache/$kind.lock"
flock 9
[ ! -d "$dir" ] || { echo "$dir"; exit 0; }

rm -rf "$cache/.building-$kind" # of a build that was killed
say "building $kind, which takes a minute or more"
case $kind in
debian12-unclean)
	clean=$(sh "$here/guest.sh" debian12 9>&-)
	sh "$here/cut-off.sh" "$clean/debian12.vmdk" "$cache/.building-$kind" >&2 9>&- ;;
*)
	sh "$here/build-guest.sh" --kind "$kind" "$cache/.building-$kind" >&2 9>&- ;;
esac
mv "$cache/.building-$kind" "$dir"
echo "$dir"
