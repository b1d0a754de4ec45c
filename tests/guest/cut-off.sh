#!/bin/sh
# cut-off.sh CLEAN.vmdk OUTDIR: the same guest as a snapshot of it in the
# middle of its work would be: booted as on VMware, and killed while it writes,
# so that its journals are needed.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"
. "$here/layout.sh"
need qemu-img qemu-utils dumpe2fs e2fsprogs
[ $# -eq 2 ] || die "usage: cut-off.sh CLEAN.vmdk OUTDIR"
mkdir -p "$2"
name=$(basename "$1" .vmdk)-unclean
raw=$2/$name.raw
trap 'rm -f "$raw"' EXIT

# Raw: what the guest has written is in the file when QEMU is killed, with
# nothing of QEMU's own to lose.
qemu-img convert -O raw "$1" "$raw"
sh "$here/boot.sh" --run "$here/churn.sh" --until H2K-CHURN-50 "$raw"

for start in "$ROOT_START" "$BOOT_START"; do
	dumpe2fs -h "$raw?offset=$((start << 20))" 2>/dev/null | grep -q needs_recovery ||
		die "the file system at $start MiB needs no recovery"
done
qemu-img convert -O vmdk -o subformat=streamOptimized "$raw" "$2/$name.vmdk"
sh "$here/manifest.sh" "$2/$name.vmdk" >"$2/artifact-manifest.json"
