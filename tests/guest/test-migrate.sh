#!/bin/bash
# SPDX-License-Identifier: LGPL-3.0-or-later
# test-migrate.sh KIND[-unclean]: a real guest comes up on VMware's hardware,
# does not come up on virtio, goes through the pipeline, and comes up on virtio
# with everything in its place.  In TAP; and a row of what was seen, for
# scripts/matrix.py, in the build's guest-results.  With H2K_GUESTS_BRIEF set,
# all but debian12 come up on virtio-blk only, and are not tried unmigrated.
# shellcheck source=../tap.sh
. "$H2K_SOURCE/tests/tap.sh"
# shellcheck source=row.sh
. "$H2K_SOURCE/tests/guest/row.sh"
# shellcheck source=told.sh
. "$H2K_SOURCE/tests/guest/told.sh"
need qemu-system-x86_64 qemu-img guestfish jq

name=$1 kind=${1%-unclean}
h2k=$H2K_BUILD/hyper2kvm
scripts=$H2K_SOURCE/tests/guest
out=$tap_dir/out
kinds=$scripts/kinds
# shellcheck source=/dev/null
. "$kinds/$kind.sh"
guest=$("$scripts/guest.sh" "$name")
ok $? "$name: built, or in the cache"
[ -n "$guest" ] || tap_done
sources=("$guest"/*.vmdk)
nvram=()
[ ! -e "$guest/nvram.fd" ] || nvram=(--vars "$guest/nvram.fd")
keys=()
[ ! -e "$guest/disk.key" ] || keys=(--key "all:file:$guest/disk.key")
buses=(virtio-blk virtio-scsi)
[ "$kind" != debian12 ] || H2K_GUESTS_BRIEF=
[ -z "${H2K_GUESTS_BRIEF:-}" ] || buses=(virtio-blk)
declare -A row=([guest]=$name [about]=${about:-})

# fact NAME STATUS GOOD BAD: into the row
fact()
{
    row[$1]=$3
    [ "$2" -eq 0 ] || row[$1]=$4
}

# boots WHAT BUS OPTION... DISK...: it comes up; its report is left in
# $tap_dir/WHAT.
boots()
{
    local what=$1 bus=$2 status
    shift 2
    "$scripts/boot.sh" --kind "$kind" --snapshot --bus "$bus" --timeout 600 --tries 2 \
        --log "$tap_dir/$what.console" "$@" >"$tap_dir/say" 2>&1
    status=$?
    ok $status "$name: $what comes up on $bus"
    fact "$what" $status up "not up"
    sed 's/^/# /' "$tap_dir/say"
    report <"$tap_dir/$what.console" >"$tap_dir/$what"
}

# as_before WHAT WORD TEXT
as_before()
{
    is "$(told "$1" "$2")" "$(told vmware "$2")" "$name: $1: $3"
}

# What FIX may run on once more: the disks that it wrote, in their order.
again()
{
    jq --argjson results "$(jq '[.artifacts[].path]' "$out/report.json")" \
        --argjson sizes "$(stat -c %s "${disks[@]}" | jq -s .)" '
        .disks |= [to_entries[] | .value + {source_format: "qcow2",
            local_path: $results[.key], bytes: $sizes[.key]} | del(.checksum)]' \
        "$guest/artifact-manifest.json" >"$tap_dir/again.json"
    "$h2k" --manifest "$tap_dir/again.json" --output-dir "$tap_dir/again" \
        "${keys[@]}" --json >"$tap_dir/report-again" 2>"$tap_dir/err"
    ok $? "$name: the pipeline on its own result"
    local changes status=0
    changes=$(jq -c '[.changes[] | [.file, .what]]' "$tap_dir/report-again")
    is "$changes" '[]' "$name: changes nothing"
    [ "$changes" = '[]' ] || status=1
    fact again $status "no change" "changes"
}

before=$(cat "${sources[@]}" | sha256sum)
if [ "$name" = "$kind" ]; then
    boots vmware "$controller" "${nvram[@]}" "${sources[@]}"
else # it was cut off there, once up
    report <"$guest/console" >"$tap_dir/vmware"
    row[vmware]="up, and cut off"
fi
[ -n "$(told vmware place:)" ] && [ -n "$(network vmware)" ]
ok $? "$name: it has said how it was there"
if [ "$name" = "$kind" ] && [ -z "${H2K_GUESTS_BRIEF:-}" ]; then
    "$scripts/boot.sh" --kind "$kind" --snapshot --bus virtio-blk \
        --timeout 400 "${sources[@]}" >"$tap_dir/say" 2>&1
    status=$?
    [ "$status" -eq 1 ] || [ "$status" -eq 2 ]
    ok $? "$name: not migrated, it does not come up on virtio"
    fact unmigrated $status up "not up"
    sed 's/^/# /' "$tap_dir/say"
fi

if [ "${#keys[@]}" -gt 0 ]; then
    "$h2k" --manifest "$guest/artifact-manifest.json" --output-dir "$out" \
        >"$tap_dir/run" 2>&1
    [ $? -ne 0 ]
    ok $? "$name: without its key the pipeline fails"
    grep -q -- --key "$tap_dir/run"
    ok $? "$name: and says that --key gives it"
    sed 's/^/# /' "$tap_dir/run"
fi

"$h2k" --manifest "$guest/artifact-manifest.json" --output-dir "$out" \
    "${keys[@]}" >"$tap_dir/run" 2>&1
ok $? "$name: the pipeline ends well"
grep -v ' %$' "$tap_dir/run" | sed 's/^/# /'
is "$(cat "${sources[@]}" | sha256sum)" "$before" "$name: the source is as it was"
is "$(jq -r '.pipeline.stages.inspect.result |
    "\(.distro) \(.os_version | split(".")[0])"' "$out/report.json")" \
    "$os_hint $os_version" "$name: INSPECT names the system"
fact inspected $? yes wrongly
mapfile -t disks < <(jq -r '.artifacts[].path' "$out/report.json")
is "${#disks[@]}" "${#sources[@]}" "$name: a result for every disk"
[ "${#disks[@]}" -gt 0 ] || tap_done
for disk in "${disks[@]}"; do
    qemu-img check -q "$disk"
    ok $? "$name: qemu-img finds nothing wrong with ${disk##*/}"
done
case $name in
*btrfs-unclean) ;; # whose log is replayed by Linux, in the appliance
*-unclean)
    is "$(jq '.pipeline.stages.inspect.result.filesystems | any(.replayed)' \
        "$out/report.json")" true "$name: a journal was replayed" ;;
esac
row[seconds]=$(jq '.pipeline.stages | .inspect.duration + .fix.duration |
    . * 100 | round / 100' "$out/report.json")

list=$H2K_BUILD/tests/oracle/guest-list
"$list" "${keys[@]}" "${sources[@]}" >"$tap_dir/files-before" 2>"$tap_dir/err" &&
    "$list" "${keys[@]}" "${disks[@]}" >"$tap_dir/files-after" 2>>"$tap_dir/err" &&
    "$H2K_SOURCE/tests/what-changed.py" "$tap_dir/files-before" "$tap_dir/files-after" \
        "$out/report.json" >>"$tap_dir/err"
status=$?
ok $status "$name: every file that differs is in the report, and no other"
fact report $status complete "not complete"
sed 's/^/# /' "$tap_dir/err"

"$scripts/check-disks.sh" ${passphrase:+--key "$passphrase"} "${disks[@]}" \
    >"$tap_dir/checked" 2>&1
status=$?
ok $status "$name: the file systems' own checkers find nothing wrong"
fact checkers $status clean "not clean"
sed 's/^/# /' "$tap_dir/checked"

for bus in "${buses[@]}"; do
    boots "$bus" "$bus" "${disks[@]}"
    as_before "$bus" place: "mounts and swap are where they were"
    as_before "$bus" failed: "no unit fails that did not before"
    [ "$(network "$bus")" = "$(network vmware)" ]
    status=$?
    ok $status "$name: $bus: its network has the same name and address"
    [ "${row[network]-}" = lost ] || fact network $status kept lost
    echo "# $(network "$bus"), and before $(network vmware)"
done

again

row_save
tap_done
