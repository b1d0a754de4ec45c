# debian12's twin of the release after.
# shellcheck shell=sh disable=SC2034
. "${kinds:?}/debian12.sh"
about='Debian 13: ext4 on GPT; BIOS'
suite=trixie
os_version=13
