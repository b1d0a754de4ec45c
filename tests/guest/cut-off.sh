#!/bin/sh
# cut-off.sh KIND CLEAN-DIRECTORY OUTDIR: the same guest as a snapshot of it in
# the middle of its work would be: booted as on VMware, and killed while it
# writes, so that its journals are needed.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"
need qemu-img qemu-utils
[ $# -eq 3 ] || die "usage: cut-off.sh KIND CLEAN OUTDIR"
kind=$1 clean=$2 out=$3
mkdir -p "$out"
trap 'rm -f "$out"/*.raw' EXIT

# Raw: what the guest has written is in the file when QEMU is killed, with
# nothing of QEMU's own to lose.
set --
for disk in "$clean"/*.vmdk; do
	raw=$out/$(basename "$disk" .vmdk).raw
	qemu-img convert -O raw "$disk" "$raw"
	set -- "$@" "$raw"
done
set -- --run "$here/churn.sh" --until H2K-CHURN-50 --timeout 900 \
	--log "$out/console" "$@"
if [ -e "$clean/nvram.fd" ]; then
	cp "$clean/nvram.fd" "$out/"
	set -- --vars "$out/nvram.fd" "$@"
fi
[ ! -e "$clean/disk.key" ] || cp "$clean/disk.key" "$out/"
sh "$here/boot.sh" --kind "$kind" "$@"
for raw in "$out"/*.raw; do
	qemu-img convert -O vmdk -o subformat=streamOptimized "$raw" "${raw%.raw}.vmdk"
done
sh "$here/manifest.sh" "$kind" "$out" >"$out/artifact-manifest.json"
