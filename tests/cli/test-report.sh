#!/bin/bash
# SPDX-License-Identifier: LGPL-3.0-or-later
# report.json of jobs of every kind fits its schema, says what is so, and
# still has what older reports had.
# shellcheck source=../tap.sh
. "$H2K_SOURCE/tests/tap.sh"
# shellcheck source=../should-fail/lib.sh
. "$H2K_SOURCE/tests/should-fail/lib.sh"
need /usr/bin/python3 jq qemu-img sfdisk mke2fs mkswap cpio
if ! /usr/bin/python3 -c 'import jsonschema' 2>/dev/null; then
    need python3-jsonschema
fi
schema=$H2K_SOURCE/schemas/report-1.0.schema.json
fits()
{
    /usr/bin/python3 "$H2K_SOURCE/tests/cli/report-schema.py" "$schema" "$@"
}

# job NAME CODE [OPTION...]: run manifest.json, keep its report as NAME.json.
job()
{
    local name=$1 wanted=$2
    shift 2
    hyper2kvm --manifest manifest.json "$@" >stdout 2>stderr
    is $? "$wanted" "$name: exit status"
    mv out/report.json "$name.json"
    fits "$name.json" >problems
    ok $? "$name: fits the schema"
    sed 's/^/# /' problems
    jq -e '([.pipeline.stages[] | .success] | all) == .pipeline.success
        and .summary.total_stages == (.pipeline.stages | length)
        and .summary.failed_stages == ([.pipeline.stages[] |
            select(.success | not)] | length)
        and .summary.successful_stages + .summary.failed_stages
            == .summary.total_stages
        and .summary.total_warnings == (.warnings | length)
        and .summary.total_errors == (.errors | length)
        and .summary.total_artifacts == (.artifacts | length)
        and (.errors | length) == .summary.failed_stages' "$name.json" >/dev/null
    ok $? "$name: its numbers are those of its lists"
    rm -rf out
}

# says NAME EXPRESSION TEXT
says()
{
    jq -e "$2" "$1.json" >/dev/null
    ok $? "$1: $3"
}

cd "$tap_dir" || exit 1
"$H2K_SOURCE/tests/tiny-guest.sh" guest.raw
sum=$(sha256sum guest.raw | cut -c 1-64)

# ---- Success, in full ----

cat >manifest.json <<END
{ "manifest_version": "1.0",
  "source": { "provider": "vsphere", "vm_id": "vm-42", "vm_name": "tiny" },
  "disks": [ { "id": "disk-0", "source_format": "raw", "bytes": 41943040,
    "local_path": "guest.raw", "checksum": "sha256:$sum" } ],
  "output": { "directory": "out" },
  "notes": [ "exported by night" ],
  "warnings": [ { "stage": "export", "message": "was running",
    "timestamp": "2026-01-22T10:30:00Z" }, { "message": "was busy" } ],
  "pipeline": {
    "inspect": { "enabled": true, "collect_guest_info": true },
    "fix": { "enabled": true, "print_fstab": true,
             "remove_vmware_tools": true },
    "convert": { "enabled": true, "compress": true },
    "validate": { "enabled": true } } }
END
hyper2kvm --manifest manifest.json --json >stdout.json 2>stderr
cmp stdout.json out/report.json >/dev/null
ok $? "--json prints the report that is written"
path=$PWD/out/disk-0.qcow2
is "$(jq -r '.artifacts[0].size_bytes' stdout.json)" "$(stat -c %s "$path")" \
    "the size is the file's"
job success 0
says success ".input == { manifest: \"manifest.json\", kind: \"artifact\",
    provider: \"vsphere\", vm_id: \"vm-42\", vm_name: \"tiny\" }" "its input"
says success '.timestamp | test("([+-][0-9]{2}:[0-9]{2})$")' "a time with its zone"
says success '.pipeline.stages | keys_unsorted ==
    ["load_manifest", "inspect", "fix", "convert", "validate"]' \
    "the stages, in their order"
says success ".artifacts[0] | .path == \"$path\" and .compressed
    and .virtual_size_bytes == 41943040" "the artifact"
says success '.notes == ["exported by night"] and
    (.warnings | map(.message)) == ["was running", "was busy"] and
    .warnings[0].timestamp == "2026-01-22T10:30:00Z"' "what the export noted"
says success '.pipeline.stages.inspect.result | .hostname == "tiny" and
    .arch == "x86_64" and .init == "systemd" and (.kernels | length) == 1 and
    .kernels[0].drivers.virtio_blk == { state: "module", in_initramfs: false }
    and (.filesystems | length) == 4 and .network[0].name == "ens192"' \
    "what INSPECT found"
says success '.pipeline.stages.fix.result | .kernels == ["6.1.0-99-amd64"] and
    (.drivers_injected | index("virtio_blk")) != null and
    .fstab.entries == 3 and (.fstab.before | contains("/dev/sda4"))' "what FIX did"
says success '.pipeline.stages.fix.result.network == [{ name: "ens192",
    by: "link file",
    file: "/etc/systemd/network/10-hyper2kvm-ens192.link" }]' \
    "the name that a card keeps"
says success '.pipeline.stages.validate.result |
    .all_valid and ([.checks[].check] == ["image_structure", "content",
    "checksum"]) and ([.checks[].passed] | all)' "what VALIDATE checked"
says success '[.changes[] | select(.file == "/etc/fstab")] | length == 3' \
    "every change of fstab"

# ---- Other jobs ----

job dry-run 0 --dry-run
says dry-run '.artifacts == [] and (.changes | length) > 3 and
    (.pipeline.stages | has("convert") | not)' "changes, and no artifact"

manifest guest.raw raw ', "pipeline": { "inspect": { "enabled": true } }'
job inspect-only 0
says inspect-only '.pipeline.stages | keys == ["inspect", "load_manifest"]' \
    "no other stage"
manifest guest.raw raw "$CONVERT_ONLY"
job convert-only 0
says convert-only '.changes == [] and (.artifacts | length) == 1' "one artifact"

cp --sparse=always guest.raw data.raw
dd if=/dev/zero of=data.raw bs=1M count=40 conv=notrunc status=none
cat >manifest.json <<END
{ "manifest_version": "1.0", "output": { "directory": "out", "format": "raw" },
  "disks": [
    { "id": "a", "source_format": "raw", "bytes": 1, "local_path": "guest.raw" },
    { "id": "b", "source_format": "raw", "bytes": 41943040,
      "local_path": "data.raw" } ] }
END
job two-disks 0
says two-disks '[.artifacts[].disk_id] == ["a", "b"] and
    (.pipeline.stages.convert.result.disks | keys) == ["a", "b"]' "two artifacts"
says two-disks '[.warnings[] | select(.stage == "load_manifest")] ==
    [.warnings[0]] and (.warnings[0].message | startswith("a: the manifest says 1 bytes"))' \
    "a size that is another"

cat >manifest.json <<END
{ "version": "1.0", "source": { "type": "raw", "path": "guest.raw" },
  "output": { "directory": "out" },
  "pipeline": { "inspect": { "enabled": true }, "fix": { "enabled": true },
    "convert": { "enabled": true }, "validate": { "enabled": true } } }
END
job migration 0
says migration '.input.kind == "migration"' "its kind"

# ---- Failures ----

manifest missing.raw raw
job load-fails 3
says load-fails '.errors[0].stage == "load_manifest" and .artifacts == [] and
    .errors[0].message == .pipeline.stages.load_manifest.error' "the error"
"$H2K_SOURCE/tests/tiny-guest.sh" broken.raw 'rm boot/vmlinuz*; printf "caf\351\n" >etc/hostname'
manifest broken.raw raw
job fix-fails 5
says fix-fails '.errors[0].stage == "fix" and
    .pipeline.stages.inspect.success and
    (.pipeline.stages | has("convert") | not)' "the error"
mkdir -p out/disk-0.qcow2
manifest guest.raw raw
job convert-fails 6
says convert-fails '.errors[0].stage == "convert" and
    (.pipeline.stages.fix.result.changes > 0)' "the error, and what was done"
sed -i "s/\"bytes\"/\"checksum\": \"sha256:$(printf '%064d' 1)\", &/" manifest.json
job validate-fails 4
says validate-fails '.artifacts == [] and
    (.pipeline.stages.validate.result | .all_valid == false and
    [.checks[] | select(.passed | not) | .check] == ["checksum"])' "the check"

# ---- Older reports ----

older=$H2K_SOURCE/examples/report-success.json
fits "$older"
ok $? "a report of before fits the schema"
# Each of its values is where it was, of the type that it had.
types='[paths(type != "object" and type != "array") as $p |
    { path: ($p | map(tostring) | join(".")), type: (getpath($p) | type) }]'
jq -r "$types | .[] | \"\(.path) \(.type)\"" "$older" | sort >older
jq -r "$types | .[] | \"\(.path) \(.type)\"" success.json | sort >newer
is "$(comm -23 older newer)" '' "and has nothing that ours lack"
reports=$H2K_SOURCE/tests/cli/reports
jq '.artifacts[0]' "$reports/artifacts.json" >artifact.json
jq '.warnings[0]' "$reports/warnings-errors.json" >warning.json
jq '.errors[0]' "$reports/warnings-errors.json" >error.json
fits "$reports/stage-failed.json:stage" artifact.json:artifact \
    warning.json:remark error.json:remark
ok $? "and so do its parts"

# ---- The schema itself can refuse ----

refuses() # EXPRESSION NAME
{
    jq "$1" success.json >bent.json
    ! fits bent.json >/dev/null
    ok $? "refused: $2"
}
refuses 'del(.pipeline)' "no pipeline"
refuses '.extra = 1' "a key that is not known"
refuses '.pipeline.stages.fix.result.extra = 1' "one in a result"
refuses '.pipeline.stages.fix.success = false' "a failure without its error"
refuses '.artifacts[0].size_bytes = "1"' "a size that is a text"
refuses '.timestamp = "yesterday"' "a time that is none"
tap_done
