#!/bin/bash
# SPDX-License-Identifier: LGPL-3.0-or-later
# test-update.sh KIND: a guest that was migrated installs its kernel's package
# again, as an update would: its own hooks make the initramfs and the boot
# loader's menu anew, by the configuration that FIX left.  It comes up with
# them on virtio-blk and virtio-scsi, with everything in its place.  In TAP.
# shellcheck source=../tap.sh
. "$H2K_SOURCE/tests/tap.sh"
# shellcheck source=row.sh
. "$H2K_SOURCE/tests/guest/row.sh"
# shellcheck source=told.sh
. "$H2K_SOURCE/tests/guest/told.sh"
need qemu-system-x86_64 qemu-img jq apt-get mke2fs

kind=$1
h2k=$H2K_BUILD/hyper2kvm
scripts=$H2K_SOURCE/tests/guest
out=$tap_dir/out
kinds=$scripts/kinds
# shellcheck source=/dev/null
. "$kinds/$kind.sh"
guest=$("$scripts/guest.sh" "$kind")
ok $? "$kind: built, or in the cache"
[ -n "$guest" ] || tap_done
keys=()
[ ! -e "$guest/disk.key" ] || keys=(--key "all:file:$guest/disk.key")
declare -A row=([guest]=$kind [update]="not up")

"$h2k" --manifest "$guest/artifact-manifest.json" --output-dir "$out" \
    "${keys[@]}" >"$tap_dir/run" 2>&1
ok $? "$kind: the pipeline ends well"
grep -v ' %$' "$tap_dir/run" | sed 's/^/# /'
mapfile -t results < <(jq -r '.artifacts[].path' "$out/report.json")
[ "${#results[@]}" -gt 0 ] || tap_done
disks=()
for result in "${results[@]}"; do
    disks+=("${result%.qcow2}-used.qcow2")
    qemu-img create -q -f qcow2 -F qcow2 -b "$result" "${disks[-1]}"
done

# The package of the kernel that boots, as the guest has it.
package=$(jq -r '.pipeline.stages.inspect.result |
    (.kernels[] | select(.default).package) as $name |
    .packages[] | select(.name == $name) |
    "\(.name)=\(.version)\(if .release == "" then "" else "-" + .release end)"' \
    "$out/report.json")
echo "# $package"
packages=$("$scripts/packages.sh" "$suite" "$package")
ok $? "$kind: its kernel's package is to be had"
[ -n "$packages" ] || tap_done
cp "$packages" "$tap_dir/packages.raw"

# look WHEN, for a script that the guest runs: each initramfs, and each file
# that keeps a card's name, with the sum of it.
look()
{
    cat <<END
find /boot -type f \( -name 'initrd*' -o -name 'initramfs*' \) -exec sha256sum {} + |
    sed 's/^/$1: initramfs: /'
sha256sum /etc/systemd/network/*hyper2kvm* /etc/udev/rules.d/*hyper2kvm* 2>/dev/null |
    sed 's/^/$1: name: /'
END
}

update()
{
    report_again
    look before
    cat <<'END'
mount -o ro LABEL=H2K-PACKAGES /mnt
dpkg --force-unsafe-io -i /mnt/*.deb
echo "dpkg: $?"
sync
END
    look after
}

# boots WHAT BUS OPTION... DISK...: it comes up, and runs $tap_dir/script; its
# report is left in $tap_dir/WHAT.
boots()
{
    local what=$1 bus=$2 status
    shift 2
    "$scripts/boot.sh" --kind "$kind" --bus "$bus" --run "$tap_dir/script" \
        --log "$tap_dir/$what.console" "$@" >"$tap_dir/say" 2>&1
    status=$?
    report <"$tap_dir/$what.console" >"$tap_dir/$what"
    sed 's/^/# /' "$tap_dir/say"
    ok $status "$kind: $what: it comes up on $bus" ||
        tail -n 60 "$tap_dir/$what.console" | sed 's/^/# /'
}

# sums WHAT WHEN KEY: the sums that were told then
sums()
{
    told "$1" "$2: $3: " | sed "s/^$2: $3: //"
}

# made WHEN: the initramfs files of the kernel that boots
made()
{
    sums update "$1" initramfs | grep -F -- "$version"
}

update >"$tap_dir/script"
boots update virtio-blk --poweroff --timeout 3600 "${disks[@]}" "$tap_dir/packages.raw"
is "$(told update dpkg:)" "dpkg: 0" "$kind: the kernel's package is installed again" ||
    sed 's/^/# /' "$tap_dir/update"
version=$(told update kernel: | sed 's/^kernel: //')
is "$(made after | awk '{ print $2 }')" "$(made before | awk '{ print $2 }')" \
    "$kind: each initramfs is still there"
[ -n "$(made after)" ] && ! made before | grep -qFx -f <(made after)
ok $? "$kind: each was made anew" ||
    { made before; made after; } | sed 's/^/# /'
is "$(sums update after name)" "$(sums update before name)" \
    "$kind: the files that keep names are as they were"

{
    report_again
    look now
} >"$tap_dir/script"
for bus in virtio-blk virtio-scsi; do
    boots "$bus" "$bus" --snapshot --timeout 900 --tries 2 "${disks[@]}"
    is "$(sums "$bus" now initramfs)" "$(sums update after initramfs)" \
        "$kind: $bus: with the initramfs that was made"
    for word in kernel: cmdline: place: failed:; do
        is "$(told "$bus" "$word")" "$(told update "$word")" \
            "$kind: $bus: $word as before the update"
    done
    is "$(network "$bus")" "net: ens192 10.0.2.15/24" \
        "$kind: $bus: its network has the same name and address"
done

[ "$tap_failed" -ne 0 ] || row[update]=up
row_save update
tap_done
