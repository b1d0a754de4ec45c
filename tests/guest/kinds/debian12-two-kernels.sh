# debian12 with the oldest kernel that the archive still has beside the newest.
# shellcheck shell=sh disable=SC2034
. "${kinds:?}/debian12.sh"
about='ext4 on GPT, an old kernel beside the new; BIOS'
# shellcheck disable=SC2016
more_packages='
	old=$(chroot "$1" apt-cache pkgnames linux-image-6 |
		grep -E "^linux-image-[0-9.]+-[0-9]+-amd64$" | sort -V | head -n 1)
	chroot "$1" apt-get install -qq --no-install-recommends "$old"'
