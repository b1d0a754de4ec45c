# debian12 with the libraries that QEMU's guest agent needs, and not with it.
# shellcheck shell=sh disable=SC2034
. "${kinds:?}/debian12.sh"
about='ext4 on GPT; BIOS; libraries for the guest agent'
packages="$packages libglib2.0-0 libnuma1 liburing2 libudev1"
