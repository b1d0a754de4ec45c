#!/bin/bash
# SPDX-License-Identifier: LGPL-3.0-or-later
# Disks converted while they arrive: the same content as qemu-img and
# `hyper2kvm convert` give, the same guest as the pipeline gives on files,
# and nothing under a name when they do not arrive whole.
# shellcheck source=../tap.sh
. "$H2K_SOURCE/tests/tap.sh"
# shellcheck source=../should-fail/lib.sh
. "$H2K_SOURCE/tests/should-fail/lib.sh"
need qemu-img sfdisk mke2fs e2fsck debugfs mkswap cpio jq cmp
tool=$H2K_BUILD/tests/oracle/stream-tool
cd "$tap_dir" || exit 1

# manifest FORMAT STAGES [SUM]: for one disk, to out/disk-0.FORMAT.
manifest_for()
{
    cat >manifest.json <<END
{ "manifest_version": "1.0", "source": { "provider": "vsphere" },
  "disks": [ { "id": "disk-0", "source_format": "vmdk", "bytes": 1,
    "local_path": "disk-0.vmdk"${3:+, \"checksum\": \"sha256:$3\"} } ],
  "output": { "directory": "out", "format": "$1" }, "pipeline": { $2 } }
END
}
CONVERT='"inspect": { "enabled": false }, "fix": { "enabled": false },
    "convert": { "enabled": true }, "validate": { "enabled": true }'
ALL='"inspect": { "enabled": true, "collect_guest_info": true },
    "fix": { "enabled": true, "backup": false },
    "convert": { "enabled": true }, "validate": { "enabled": true }'

# stream CODE NAME ARGUMENT...: the job, from nothing.
stream()
{
    local code=$1 name=$2
    shift 2
    rm -rf out
    "$tool" job "$@" >stdout 2>stderr
    local rc=$?
    is $rc "$code" "$name"
    [ $rc -eq "$code" ] || sed 's/^/# /' stderr
}

# ---- Decoding ----

make_raw() # SIZE
{
    rm -f raw
    truncate -s "$1" raw
    seq 1 60000 | dd of=raw bs=64k seek=3 conv=notrunc status=none
    head -c 700000 /dev/urandom | dd of=raw bs=1000 seek=900 conv=notrunc status=none
    [ "$1" -lt 40000000 ] || seq 5 400000 |
        dd of=raw bs=1M seek=34 conv=notrunc status=none
    truncate -s "$1" raw
    printf end | dd of=raw bs=1 seek=$(($1 - 3)) conv=notrunc status=none
}
steps='1 3 511 512 513 4099 65536 1000000'
for size in 3147264 $((75 * 1048576)); do
    make_raw "$size"
    qemu-img convert -O vmdk -o subformat=streamOptimized raw front.vmdk
    "$tool" make raw end.vmdk
    # What our maker makes is what qemu-img reads.
    qemu-img compare -q -f vmdk -F raw end.vmdk raw
    ok $? "$size: qemu-img reads the stream with its directory at the end"
    for kind in front end; do
        [ "$size" -lt 10000000 ] || steps='7 512 100001'
        for step in $steps; do
            rm -f got
            "$tool" decode "$step" $kind.vmdk got 2>stderr && cmp -s got raw
            ok $? "$size: directory at the $kind, in pieces of $step"
        done
        "$tool" decode 4096 <(head -c -70000 $kind.vmdk) got 2>stderr
        is $? 3 "$size: directory at the $kind, cut short"
    done
done

# ---- Converting ----

for format in qcow2 raw; do
    manifest_for $format "$CONVERT"
    for how in '' '-s 777 -t 1' '-t 7' -r '-z zlib' '-z zstd -r'; do
        [ $format = qcow2 ] || case $how in *-z*) continue ;; esac
        # shellcheck disable=SC2086
        stream 0 "$format $how: converts" $how manifest.json end.vmdk
        qemu-img compare -q -F raw out/disk-0.$format raw
        ok $? "$format $how: what qemu-img finds"
        [ $format = raw ] || qemu-img check -q out/disk-0.qcow2
        ok $? "$format $how: qemu-img finds nothing wrong"
    done
    stream 0 "$format: of flat bytes" -k flat -r manifest.json raw
    qemu-img compare -q -F raw out/disk-0.$format raw
    ok $? "$format: the same"
done
manifest_for qcow2 "$CONVERT"
stream 0 "a directory in front" manifest.json front.vmdk
mv out/disk-0.qcow2 streamed.qcow2
hyper2kvm convert front.vmdk converted.qcow2 >/dev/null 2>stderr
cmp streamed.qcow2 converted.qcow2
ok $? "byte for byte what hyper2kvm convert gives"
stream 0 "from a pipe" manifest.json - < <(cat end.vmdk)

# ---- The checksum ----

manifest_for qcow2 "$CONVERT" "$(sha256sum <end.vmdk | cut -c 1-64)"
stream 0 "the right checksum" manifest.json end.vmdk
jq -e '[.pipeline.stages.validate.result.checks[].check] ==
    ["image_structure", "content", "checksum"]' out/report.json >/dev/null
ok $? "is checked"
manifest_for qcow2 "$CONVERT" "$(printf %064d 7)"
stream 4 "another checksum" manifest.json end.vmdk
is "$(ls out)" report.json "publishes nothing"
if /usr/bin/python3 -c 'import jsonschema' 2>/dev/null; then
    /usr/bin/python3 "$H2K_SOURCE/tests/cli/report-schema.py" \
        "$H2K_SOURCE/schemas/report-1.0.schema.json" out/report.json
    ok $? "the report fits its schema"
fi
jq -e '.pipeline.stages | keys_unsorted[0] == "export"' out/report.json >/dev/null
ok $? "and begins with the export"

# ---- What does not arrive whole ----

manifest_for qcow2 "$CONVERT"
whole=$(stat -c %s end.vmdk)
for part in 1 2 3 4 5 6 7; do
    stream 3 "cut short, $part of 8" manifest.json - \
        < <(head -c $((whole * part / 8)) end.vmdk)
    is "$(ls -A out)" '' "leaves nothing"
    grep -q 'cut short at byte' stderr
    ok $? "and says so"
done
cp end.vmdk bad.vmdk
poke bad.vmdk $((whole / 2)) ffffffffffffffff
stream 3 "damaged" manifest.json bad.vmdk
is "$(ls -A out)" '' "leaves nothing"
stream 3 "of another size" -c 1048576 manifest.json end.vmdk
grep -q 'where 1048576 were announced' stderr
ok $? "and says so"
stream 3 "flat, and too short" -k flat -c 99999744 manifest.json raw
stream 3 "flat, and too long" -k flat -c 1048576 manifest.json raw
stream 3 "no VMDK" manifest.json raw
# A kill leaves a partial file, which the next run removes.
rm -rf out
mkfifo fifo
"$tool" job manifest.json - <fifo 2>/dev/null &
pid=$!
exec 3>fifo
head -c $((whole * 2 / 3)) end.vmdk >&3
kill -KILL $pid
wait $pid 2>/dev/null
exec 3>&-
is "$(ls out)" disk-0.qcow2.hyper2kvm-partial "killed: only a partial file"

# ---- The guest ----

guest guest.raw
# Deleted data, which free space lets go of.
head -c 4000000 /dev/urandom >deleted
edit_fs guest.raw "$ROOT_AT" 'write deleted /deleted' 'rm /deleted'
"$tool" make guest.raw guest.vmdk
rm -rf normal
manifest_for raw "$ALL"
sed 's/"local_path": "disk-0.vmdk"/"local_path": "guest.vmdk"/; s/"out"/"normal"/' \
    manifest.json >normal.json
hyper2kvm --manifest normal.json >stdout 2>stderr
is $? 0 "the pipeline on a file"
# What of a report is the same: not times, paths and sizes of files.
facts='{ changes, warnings: [.warnings[].message] | map(select(test("manifest says") | not)), notes,
    inspect: .pipeline.stages.inspect.result, fix: .pipeline.stages.fix.result }
    | del(.inspect.disk_path)'
jq -S "$facts" normal/report.json >normal.facts
# tree DISK: names, modes, sizes and content of all files, both filesystems.
tree()
{
    for at in "$BOOT_AT" "$ROOT_AT"; do
        debugfs -R 'rdump / dump' "$1?offset=$at" >/dev/null 2>&1
        rm -rf dump
        mkdir dump
        debugfs -R 'rdump / dump' "$1?offset=$at" >/dev/null 2>&1
        (cd dump && find . -printf '%p %m %l\n' | sort &&
            find . -type f -exec sha256sum {} + | sort -k 2)
    done
}
tree normal/disk-0.raw >normal.tree
[ "$(wc -l <normal.tree)" -gt 40 ]
ok $? "whose guest has its files"
for how in 'raw none' 'qcow2 none' 'qcow2 zlib'; do
    manifest_for "${how% *}" "$ALL"
    stream 0 "$how: the pipeline on a stream" -z "${how#* }" manifest.json guest.vmdk
    jq -S "$facts" out/report.json >stream.facts
    cmp normal.facts stream.facts >/dev/null
    ok $? "$how: the same facts and fixes"
    diff normal.facts stream.facts | head -20 | sed 's/^/# /'
    [ "${how% *}" = raw ] || qemu-img check -q out/disk-0.qcow2
    ok $? "$how: qemu-img finds nothing wrong"
    qemu-img convert -O raw "out/disk-0.${how% *}" got.raw
    tree got.raw >stream.tree
    cmp normal.tree stream.tree >/dev/null
    ok $? "$how: the same guest"
    diff normal.tree stream.tree | head -10 | sed 's/^/# /'
    for fs in "$BOOT_AT 12" "$ROOT_AT 23"; do
        dd if=got.raw of=fs bs=1M skip=$((${fs% *} >> 20)) count="${fs#* }" \
            status=none
        e2fsck -fn fs >e2fsck 2>&1
        ok $? "$how: e2fsck has nothing to say"
    done
    jq -e '.pipeline.stages.convert.result.free_bytes_left_out > 3500000' \
        out/report.json >/dev/null
    ok $? "$how: free space is left out"
    [ "$(($(stat -c %b "out/disk-0.${how% *}") * 512))" -lt 7000000 ]
    ok $? "$how: and takes none"
done

# ---- Two disks at once ----

cat >manifest.json <<END
{ "manifest_version": "1.0", "output": { "directory": "out" },
  "disks": [
    { "id": "a", "source_format": "vmdk", "bytes": 1, "local_path": "a" },
    { "id": "b", "source_format": "vmdk", "bytes": 1, "local_path": "b" } ] }
END
stream 0 "two disks" manifest.json guest.vmdk end.vmdk
qemu-img compare -q -F raw out/b.qcow2 raw
ok $? "the second is what it was"
stream 3 "two disks, of which one is damaged" manifest.json guest.vmdk bad.vmdk
is "$(ls -A out)" '' "publishes neither"
tap_done
