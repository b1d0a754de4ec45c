# debian12's twin of the release before.
# shellcheck shell=sh disable=SC2034
. "${kinds:?}/debian12.sh"
about='Debian 11: ext4 on GPT; BIOS'
suite=bullseye
os_version=11
packages=${packages#usr-is-merged}

# Its /usr is merged as that of the others, but there is no package yet to say
# so, which the hook asks for in the end, and puts an empty one in the place of.
mmdebstrap() {
	for option in "$@"; do
		shift
		case $option in
		--hook-dir=*/merged-usr)
			set -- "$@" --setup-hook="${option#*=}/setup00.sh" \
				--essential-hook='chroot "$1" dpkg --purge usr-is-merged' ;;
		*) set -- "$@" "$option" ;;
		esac
	done
	command mmdebstrap "$@"
}
