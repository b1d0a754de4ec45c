# debian12 for test-network.sh: with netplan, which has networkd do the work.
# shellcheck shell=sh disable=SC2034
. "${kinds:?}/debian12.sh"
about='ext4 on GPT; BIOS; netplan'
packages="$packages netplan.io"
