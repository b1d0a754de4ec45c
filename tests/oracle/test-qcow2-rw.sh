#!/bin/sh
# SPDX-License-Identifier: LGPL-3.0-or-later
# A finished qcow2 that was changed in random places, judged by qemu-img.
set -u
. "$H2K_SOURCE/tests/tap.sh"
need qemu-img
cd "$tap_dir" || exit 1
for seed in 0 1 2 3 4 5 6 7 8 9 10 11 100 101 102 103 104 105; do
    "$H2K_BUILD/tests/unit/test-image-qcow2-rw" $seed disk.qcow2 disk.raw
    ok $? "image $seed: changed"
    qemu-img check -q -f qcow2 disk.qcow2
    ok $? "image $seed: qemu-img check finds nothing"
    qemu-img compare -q -f qcow2 -F raw disk.qcow2 disk.raw
    ok $? "image $seed: qemu-img reads what was written"
done
tap_done
