# debian12 with the oldest kernel that the archive still has beside the newest,
# and one of a later series.
# shellcheck shell=sh disable=SC2034
. "${kinds:?}/debian12-two-kernels.sh"
about='ext4 on GPT, three kernels of two series; BIOS'
more_packages="$more_packages"'
	chroot "$1" apt-get install -qq --no-install-recommends linux-image-6.12-amd64'
