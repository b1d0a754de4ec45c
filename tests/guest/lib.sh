# Shared by the scripts of this directory. Sourced, not run.
# shellcheck shell=sh

say() { echo "${0##*/}: $*" >&2; }
die() { say "$*"; exit 1; }

# need TOOL PACKAGE...: exits 77, which the test harness reads as "skipped",
# when a tool is not there. The sbin directories are not in everybody's PATH.
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
need() {
	missing=
	while [ $# -gt 1 ]; do
		command -v "$1" >/dev/null || missing="$missing $2"
		shift 2
	done
	[ -z "$missing" ] || { say "please install:$missing"; exit 77; }
}
