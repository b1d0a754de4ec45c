# debian12 with about 0.85 GiB of files, all drivers, and some 100 MB of
# deleted data: for measuring.
# shellcheck shell=sh disable=SC2034
. "${kinds:?}/debian12.sh"
about='ext4 on GPT, 0.85 GiB; BIOS'
whole=1
packages="$packages python3 perl vim git locales less openssh-server"

finish() {
	# Text that compresses about as logs do.
	for n in 1 2 3 4; do
		seq -f "%.0f $n bench: a line of a log that was rotated away" 420000 \
			>"$target/var/tmp/deleted-$n"
	done
	sync
	rm "$target"/var/tmp/deleted-*
}
