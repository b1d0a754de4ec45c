#!/bin/sh
# SPDX-License-Identifier: LGPL-3.0-or-later
# INSPECT and FIX of real guests beside virt-v2v's, and lists of files beside
# find's.  bench-guests.sh [KIND...]
set -eu
cd "$(dirname "$0")/.."
[ -f build-bench/build.ninja ] ||
    meson setup build-bench --buildtype=release >/dev/null
ninja -C build-bench hyper2kvm bench/list-files >/dev/null
[ $# -gt 0 ] || set -- debian12 xfs-lvm uefi btrfs
directories=
for kind; do
    directories="$directories $(tests/guest/guest.sh "$kind")"
done
# shellcheck disable=SC2086 # without blanks, as the cache's names are
exec python3 bench/guests.py build-bench $directories
