# debian12 for test-network.sh: with NetworkManager.
# shellcheck shell=sh disable=SC2034
. "${kinds:?}/debian12.sh"
about='ext4 on GPT; BIOS; NetworkManager'
packages="$packages network-manager"
