#!/bin/sh
# guest.sh [KIND[-unclean]]: prints the directory that holds the guest of that
# KIND, its VMDKs and artifact-manifest.json, after building it if need be.
# With -unclean, the same cut off while it worked.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"
name=${1:-debian12}
kind=${name%-unclean}
cache=${H2K_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/hyper2kvm}/guests
[ -e "$here/kinds/$kind.sh" ] || die "no such kind: $kind"

# made_from KIND: the kinds that it begins with, beside debian12
made_from() {
	sed -n 's|^\. "${kinds:?}/\(.*\)\.sh"|\1|p' "$here/kinds/$1.sh" |
		while read -r base; do
			[ "$base" = debian12 ] || printf ' %s' "kinds/$base.sh$(made_from "$base")"
		done
}

# The directory's name is made of all that makes the guest.
sources='build-guest.sh tree.sh install-guest.sh machine.sh manifest.sh lib.sh
	kinds/debian12.sh'
sources="$sources kinds/$kind.sh$(made_from "$kind")"
[ "$name" = "$kind" ] || sources="$sources cut-off.sh churn.sh boot.sh"
hash=$(cd "$here" && {
	echo "$name ${H2K_DEBIAN_MIRROR-}"
	# shellcheck disable=SC2086
	{ printf '%s\n' $sources; find overlay installer -type f | LC_ALL=C sort; } |
		xargs sha256sum
} | sha256sum | cut -c1-16)
dir=$cache/$name-$hash
[ ! -d "$dir" ] || { echo "$dir"; exit 0; }

# Only one builds; who waited finds it done.
need flock util-linux
mkdir -p "$cache"
exec 9>"$cache/$name.lock"
flock 9
[ ! -d "$dir" ] || { echo "$dir"; exit 0; }

rm -rf "$cache/.building-$name" # of a build that was killed
say "building $name, which takes some minutes"
if [ "$name" = "$kind" ]; then
	sh "$here/build-guest.sh" --kind "$kind" "$cache/.building-$name" >&2 9>&-
else
	clean=$(sh "$here/guest.sh" "$kind" 9>&-)
	sh "$here/cut-off.sh" "$kind" "$clean" "$cache/.building-$name" >&2 9>&-
fi
mv "$cache/.building-$name" "$dir"
echo "$dir"
