#!/bin/bash
# SPDX-License-Identifier: LGPL-3.0-or-later
# test-listing.sh KIND[-unclean]: what we find in a real guest, against
# virt-ls, file by file, and against virt-inspector.  In TAP.
# shellcheck source=../tap.sh
. "$H2K_SOURCE/tests/tap.sh"
need virt-ls virt-inspector xmllint python3

name=$1 kind=${1%-unclean}
scripts=$H2K_SOURCE/tests/guest
tool=$H2K_BUILD/tests/oracle/guest-tool
kinds=$scripts/kinds
# shellcheck source=/dev/null
. "$kinds/$kind.sh"
guest=$("$scripts/guest.sh" "$name")
ok $? "$name: built, or in the cache"
[ -n "$guest" ] || tap_done
disks=("$guest"/*.vmdk)
add=()
for disk in "${disks[@]}"; do add+=(-a "$disk"); done
[ -z "${luks_device:-}" ] || add+=(--key "$luks_device:key:${passphrase:?}")
# KVM where it is does not always work.
export LIBGUESTFS_BACKEND=direct LIBGUESTFS_BACKEND_SETTINGS=force_tcg
keys=()
[ ! -e "$guest/disk.key" ] || keys=(--key "all:file:$guest/disk.key")

"$H2K_BUILD/tests/oracle/guest-list" "${keys[@]}" "${disks[@]}" >"$tap_dir/ours" 2>"$tap_dir/err"
ok $? "$name: every file is listed and read"
sed 's/^/# /' "$tap_dir/err"
timeout 2400 virt-ls "${add[@]}" --csv --uids --checksum=sha256 -lR / \
    >"$tap_dir/csv" 2>"$tap_dir/err"
ok $? "$name: virt-ls lists it too"
sed 's/^/# /' "$tap_dir/err"
# Its columns into ours: type, mode, uid, gid, size, sum, path, target.
python3 - "$tap_dir/csv" >"$tap_dir/theirs" <<'PYTHON'
import csv
import sys

with open(sys.argv[1], newline="", errors="surrogateescape") as f:
    for row in csv.reader(f):
        kind, mode, uid, gid, size, digest, path = row[:7]
        path += " -> " + row[7] if kind == "l" else ""
        size = size if kind in "-l" else "-"
        sys.stdout.buffer.write("\t".join(
            [kind, mode, uid, gid, size, digest if kind == "-" else "-",
             path]).encode(errors="surrogateescape") + b"\n")
PYTHON
LC_ALL=C sort "$tap_dir/ours" >"$tap_dir/ours.sorted"
LC_ALL=C sort "$tap_dir/theirs" >"$tap_dir/theirs.sorted"
diff "$tap_dir/ours.sorted" "$tap_dir/theirs.sorted" >"$tap_dir/diff"
ok $? "$name: both lists are the same ($(wc -l <"$tap_dir/ours") files)"
head -n 20 "$tap_dir/diff" | sed 's/^/# /'

# What virt-inspector says, in the words of ours.
timeout 2400 virt-inspector --no-applications --no-icon "${add[@]}" >"$tap_dir/xml"
ok $? "$name: virt-inspector looks at it too"
"$tool" inspect "${disks[@]}" >"$tap_dir/inspected"
xml()
{
    xmllint --xpath "string(//operatingsystem/$1)" "$tap_dir/xml"
}
found()
{
    sed -n "s/^$1 //p" "$tap_dir/inspected"
}
is "$(found distro)" "$(xml distro)" "$name: the same distribution"
is "$(found os_version | cut -d. -f1)" "$(xml major_version)" \
    "$name: the same version"
is "$(found hostname)" "$(xml hostname)" "$name: the same host name"
is "$(found arch)" "$(xml arch)" "$name: the same architecture"
is "$(found mount | cut -d' ' -f1 | LC_ALL=C sort)" \
    "$(xmllint --xpath '//mountpoint/text()' "$tap_dir/xml" |
        tr ' ' '\n' | grep . | LC_ALL=C sort)" "$name: the same mounts"
tap_done
