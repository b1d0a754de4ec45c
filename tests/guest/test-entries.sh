#!/bin/bash
# SPDX-License-Identifier: LGPL-3.0-or-later
# test-entries.sh KIND: each entry of a migrated guest's GRUB menu boots on
# virtio: every kernel, with its network, and its recovery mode, which asks for
# root's password.  For a kind whose second partition is /boot.  In TAP.
# shellcheck source=../tap.sh
. "$H2K_SOURCE/tests/tap.sh"
# shellcheck source=row.sh
. "$H2K_SOURCE/tests/guest/row.sh"
# shellcheck source=told.sh
. "$H2K_SOURCE/tests/guest/told.sh"
need qemu-system-x86_64 qemu-img jq debugfs sfdisk

kind=$1
h2k=$H2K_BUILD/hyper2kvm
scripts=$H2K_SOURCE/tests/guest
kinds=$scripts/kinds
# shellcheck source=/dev/null
. "$kinds/$kind.sh"
guest=$("$scripts/guest.sh" "$kind")
ok $? "$kind: built, or in the cache"
[ -n "$guest" ] || tap_done
disk=$tap_dir/disk.raw
"$h2k" --manifest "$guest/artifact-manifest.json" --output-dir "$tap_dir/out" \
    --out-format raw >"$tap_dir/run" 2>&1
ok $? "$kind: the pipeline ends well"
grep -v ' %$' "$tap_dir/run" | sed 's/^/# /'
mv "$(jq -r '.artifacts[0].path' "$tap_dir/out/report.json")" "$disk" || tap_done
start=$(sfdisk --json "$disk" | jq '.partitiontable.partitions[1].start')
boot="$disk?offset=$((start * 512))"

# The paths in the menu of all entries, by their ids
entries()
{
    debugfs -R 'cat /grub/grub.cfg' "$boot" 2>/dev/null | awk -F"'" '
        /^submenu /      { menu = $(NF - 1) ">" }
        /^menuentry /    { menu = "" }
        /^\t?menuentry / { print menu $(NF - 1) }'
}

# choose ENTRY: it is the next to boot, as by grub-reboot.
choose()
{
    {
        printf '# GRUB Environment Block\nnext_entry=%s\n' "$1"
        printf '#%.0s' {1..1024}
    } | head -c 1024 >"$tap_dir/grubenv"
    printf 'rm /grub/grubenv\nwrite %s /grub/grubenv\n' "$tap_dir/grubenv" |
        debugfs -w -f - "$boot" >/dev/null 2>&1
}

# boots VERSION OPTION...: it comes up with that kernel.
boots()
{
    local status version=$1
    shift
    "$scripts/boot.sh" --bus virtio-blk --snapshot --timeout 600 --tries 2 \
        --log "$tap_dir/console" "$@" "$disk" >"$tap_dir/say" 2>&1
    status=$?
    sed 's/^/# /' "$tap_dir/say"
    ok $status "$kind: $name: it comes up"
    grep -aqF "Linux version $version " "$tap_dir/console"
    ok $? "$kind: $name: with the kernel $version"
}

kernels=$(jq -r '.pipeline.stages.inspect.result.kernels[].version' \
    "$tap_dir/out/report.json" | sort -Vr)
mapfile -t menu < <(entries)
is "${menu[0]%-????????-????-*}" gnulinux-simple "$kind: the menu begins with the default"
is "$(printf '%s\n' "${menu[@]}" |
    sed -n 's/.*>gnulinux-\(.*\)-\(advanced\|recovery\)-.*/\1/p')" \
    "$(echo "$kernels" | sed p)" "$kind: and has each kernel twice"
[ "$(echo "$kernels" | wc -l)" -ge 3 ]
ok $? "$kind: which are three at least"

for entry in "${menu[@]}"; do
    choose "$entry"
    name=$(echo "$entry" | sed -E 's/.*gnulinux-//; s/-[0-9a-f]{8}(-[0-9a-f]*){4}$//')
    version=${name%-*}
    [ "$name" != simple ] || version=${kernels%%$'\n'*}
    case $name in
    *-recovery)
        boots "$version" --until 'Give root password'
        continue ;;
    esac
    boots "$version"
    report <"$tap_dir/console" >"$tap_dir/it"
    is "$(told it kernel:)" "kernel: $version" "$kind: $name: it says so itself"
    is "$(told it failed:)" "" "$kind: $name: no unit fails"
    is "$(network it)" "net: ens192 10.0.2.15/24" "$kind: $name: it has its network"
done

declare -A row=([guest]=$kind [virtio-blk]="up, each of ${#menu[@]} boot entries"
    [network]=kept [about]=$about)
[ "$tap_failed" -ne 0 ] || row_save entries
tap_done
