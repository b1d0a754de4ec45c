# debian12 as test-configure.sh logs into it: with sshd and sudo.
# shellcheck shell=sh disable=SC2034
. "${kinds:?}/debian12.sh"
about='ext4 on GPT; BIOS; sshd and sudo'
packages="$packages openssh-server sudo"
