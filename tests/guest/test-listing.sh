#!/bin/bash
# SPDX-License-Identifier: LGPL-3.0-or-later
# test-listing.sh KIND[-unclean]: what we find in a real guest, against
# virt-ls, file by file, and against virt-inspector.  In TAP.
# shellcheck source=../tap.sh
. "$H2K_SOURCE/tests/tap.sh"
# shellcheck source=row.sh
. "$H2K_SOURCE/tests/guest/row.sh"
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
# KVM where it is does not always work.
export LIBGUESTFS_BACKEND=direct LIBGUESTFS_BACKEND_SETTINGS=force_tcg
keys=()
if [ -e "$guest/disk.key" ]; then
    keys=(--key "all:file:$guest/disk.key")
    # libguestfs' tools of Debian 12 do not know "all".
    luks=$("$tool" "${keys[@]}" inspect "${disks[@]}" 2>/dev/null |
        awk '$1 == "filesystem" && $4 == "crypto_LUKS" { print $5; exit }')
    add+=(--key "$luks:file:$guest/disk.key")
fi

"$H2K_BUILD/tests/oracle/guest-list" "${keys[@]}" "${disks[@]}" >"$tap_dir/ours" 2>"$tap_dir/err"
ok $? "$name: every file is listed and read"
sed 's/^/# /' "$tap_dir/err"
timeout 1200 virt-ls "${add[@]}" --csv --uids -lR / \
    >"$tap_dir/csv" 2>"$tap_dir/err"
ok $? "$name: virt-ls lists it too"
sed 's/^/# /' "$tap_dir/err"
# virt-ls has sums as well, but starts a program for each in its appliance.
timeout 1200 guestfish --ro -i "${add[@]}" checksums-out sha256 / \
    "$tap_dir/sums" 2>"$tap_dir/err"
ok $? "$name: and libguestfs sums it up"
sed 's/^/# /' "$tap_dir/err"
# Both as ours is: type, mode, uid, gid, size, sum, path, target.
python3 - "$tap_dir/csv" "$tap_dir/sums" >"$tap_dir/theirs" <<'PYTHON'
import csv
import sys

sums = {}
with open(sys.argv[2], errors="surrogateescape") as f:
    for line in f:
        digest, path = line.rstrip("\n").split("  .", 1)
        if digest[0] == "\\":  # as sha256sum says that the name is escaped
            path = path.replace("\\n", "\n").replace("\\\\", "\\")
        sums[path] = digest.lstrip("\\")
with open(sys.argv[1], newline="", errors="surrogateescape") as f:
    for row in csv.reader(f):
        kind, mode, size, uid, gid = (word.strip() for word in row[:5])
        path = row[5]
        digest = sums.get(path, "?") if kind == "-" else "-"
        path += " -> " + row[6] if kind == "l" else ""
        size = size if kind in "-l" else "-"
        sys.stdout.buffer.write("\t".join(
            [kind, mode, uid, gid, size, digest, path]
        ).encode(errors="surrogateescape") + b"\n")
PYTHON
LC_ALL=C sort "$tap_dir/ours" >"$tap_dir/ours.sorted"
LC_ALL=C sort "$tap_dir/theirs" >"$tap_dir/theirs.sorted"
diff "$tap_dir/ours.sorted" "$tap_dir/theirs.sorted" >"$tap_dir/diff"
ok $? "$name: both lists are the same ($(wc -l <"$tap_dir/ours") files)"
head -n 20 "$tap_dir/diff" | sed 's/^/# /'

# What virt-inspector says, in the words of ours.
timeout 2400 virt-inspector --no-applications --no-icon "${add[@]}" >"$tap_dir/xml"
ok $? "$name: virt-inspector looks at it too"
"$tool" "${keys[@]}" inspect "${disks[@]}" >"$tap_dir/inspected" 2>/dev/null
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
declare -A row=([guest]=$name [inspected]="as virt-inspector")
[ "$tap_failed" -ne 0 ] || row_save listing
tap_done
