#!/bin/bash
# SPDX-License-Identifier: LGPL-3.0-or-later
# An image that was cut off, anywhere, is refused with 3, and nothing is made
# of it.
# shellcheck source=../tap.sh
. "$H2K_SOURCE/tests/tap.sh"
# shellcheck source=lib.sh
. "$H2K_SOURCE/tests/should-fail/lib.sh"
need qemu-img sfdisk mke2fs mkswap cpio jq
mkdir "$tap_dir/whole" "$tap_dir/cut" && cd "$tap_dir/whole" || exit 1

guest raw
qemu-img convert -O vmdk raw sparse.vmdk
qemu-img convert -O vmdk -o subformat=streamOptimized raw stream.vmdk
qemu-img convert -O qcow2 raw qcow2
qemu-img convert -c -O qcow2 raw compressed.qcow2
cd ../cut || exit 1

# Where the last byte is that is needed.  A raw disk ends with the backup of
# its table; of a qcow2, what is missing of the last cluster is zeros by its
# specification; behind a stream's last grain there are markers only.
needed() # KIND
{
    local size table
    size=$(stat -c %s "../whole/$1")
    case $1 in
    raw) echo $((size - (1 << 20))) ;;
    *qcow2) echo $((size - 65536)) ;;
    sparse.vmdk) echo "$size" ;;
    stream.vmdk)
        table=$(peek le ../whole/stream.vmdk \
            $(($(peek le ../whole/stream.vmdk 56 8) * 512)) 4)
        od -An -v -tu4 -w4 -j $((table * 512)) -N 4096 ../whole/stream.vmdk |
            sort -n | awk 'END { print $1 * 512 + 13 }' ;;
    esac
}

run_cut() # KIND LENGTH
{
    local disk=disk.${1##*.} before code
    head -c "$2" "../whole/$1" >"$disk"
    [ "$1" != raw ] || truncate -s "$2" "$disk"
    manifest "$disk" "${1##*.}"
    mkdir -p .got
    before=$(hashes)
    hyper2kvm --manifest manifest.json -q >.got/out 2>.got/err
    code=$?
    [ "$code" -eq 3 ] || echo "cut at $2: exit status $code: $(cat .got/err)"
    judge "$code" failure "$before" | sed "s/^/cut at $2: /"
    rm -rf out "$disk"
}

for kind in raw sparse.vmdk stream.vmdk qcow2 compressed.qcow2; do
    size=$(needed $kind)
    problems=
    for at in 0 1 100 512 1536 $((size / 16)) $((size / 4)) $((size / 2)) \
        $((size * 3 / 4)) $((size * 15 / 16)) $((size - 1)); do
        # Before its table, a raw disk has nothing that tells.
        [ $kind = raw ] && [ "$at" -gt 0 ] && [ "$at" -lt 4096 ] && continue
        problems+=$(run_cut $kind "$at")
    done
    [ -z "$problems" ]
    ok $? "$kind, cut off"
    [ -z "$problems" ] || sed 's/^/# /' <<<"$problems"
done
tap_done
