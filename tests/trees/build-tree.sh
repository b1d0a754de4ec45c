#!/bin/sh
# SPDX-License-Identifier: LGPL-3.0-or-later
# build-tree.sh NAME OUT.raw [HOOK]: a disk with the guest that NAME/tree.sh
# describes, a distribution's files as it lays them out, with stand-ins for its
# kernels and modules.  Without root, in about a second.
#
# The disk: 1 is ext4 with everything, 2 is swap, by MBR; on VMware they are
# /dev/sda1 and /dev/sda2.  HOOK is shell text that may change the tree.
set -eu
umask 022
PATH=$PATH:/usr/sbin:/sbin
name=$1 out=$2 hook=${3:-}
trees=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
ROOT_UUID=7c0e4c3a-0b52-4f3e-9d58-1f0d7a3b5c01
SWAP_UUID=7c0e4c3a-0b52-4f3e-9d58-1f0d7a3b5c02
MACHINE_ID=7c0e4c3a0b524f3e9d581f0d7a3b5c00
# shellcheck source=../guest-parts.sh
. "$trees/../guest-parts.sh"
# shellcheck source=lib.sh
. "$trees/lib.sh"

mkdir "$work/root" && cd "$work/root"
# shellcheck source=/dev/null
. "$trees/$name/tree.sh"
eval "$hook"
cd "$OLDPWD"

rm -f "$out"
truncate -s 36M "$out"
printf 'label: dos\nlabel-id: 0x7c0e4c3a\n%s\n%s\n' \
    'start=1MiB, size=32MiB, type=83, bootable' \
    'start=33MiB, size=2MiB, type=82' | sfdisk -q "$out"
mke2fs -q -F -t ext4 -b 1024 -U $ROOT_UUID -d "$work/root" \
    -E "offset=1048576,lazy_itable_init=0,root_owner=0:0" "$out" 32M
truncate -s 2M "$work/swap"
mkswap -q -U $SWAP_UUID "$work/swap"
dd if="$work/swap" of="$out" bs=1M seek=33 conv=notrunc,sparse status=none
