#!/bin/bash
# SPDX-License-Identifier: LGPL-3.0-or-later
# Exporting machines with real disks: every file is what the server has, as
# others judge it.
# shellcheck source=../tap.sh
. "$H2K_SOURCE/tests/tap.sh"
# shellcheck source=lib.sh
. "$H2K_SOURCE/tests/vsphere/lib.sh"
peer_need
# shellcheck source=export-lib.sh
. "$H2K_SOURCE/tests/vsphere/export-lib.sh"

for n in 1 2 3 4; do
    disk d$n $((3 + n)) $n
done
cat >vms.json <<'END'
{ "VMs": [
  { "Name": "one", "Firmware": "bios", "CPUs": 2, "MemoryMB": 1536,
    "GuestID": "debian11_64Guest",
    "NICs": [{ "Type": "vmxnet3", "MAC": "00:50:56:aa:bb:01" }],
    "Disks": [{ "Controller": "pvscsi", "Unit": 0,
                "VMDK": "d1.vmdk", "Flat": "d1.raw" }] },
  { "Name": "efi two", "Firmware": "efi", "SecureBoot": true, "CPUs": 1,
    "MemoryMB": 1024, "GuestID": "debian11_64Guest",
    "Disks": [{ "Controller": "pvscsi", "Unit": 0, "VMDK": "d1.vmdk" },
              { "Controller": "pvscsi", "Unit": 1, "VMDK": "d2.vmdk" }] },
  { "Name": "four", "CPUs": 1, "MemoryMB": 512,
    "Disks": [{ "Controller": "sata", "Bus": 0, "Unit": 0, "VMDK": "d4.vmdk", "Flat": "d4.raw" },
              { "Controller": "pvscsi", "Bus": 0, "Unit": 1, "VMDK": "d2.vmdk", "Flat": "d2.raw" },
              { "Controller": "pvscsi", "Bus": 0, "Unit": 0, "VMDK": "d1.vmdk", "Flat": "d1.raw" },
              { "Controller": "pvscsi", "Bus": 1, "Unit": 0, "VMDK": "d3.vmdk", "Flat": "d3.raw" }] },
  { "Name": "running", "Power": "on", "CPUs": 1, "MemoryMB": 512,
    "Tools": { "Running": true },
    "Disks": [{ "Controller": "pvscsi", "Unit": 0, "VMDK": "d1.vmdk" }] },
  { "Name": "../odd: \"name\"", "CPUs": 1, "MemoryMB": 512,
    "Disks": [{ "Controller": "pvscsi", "Unit": 0, "VMDK": "d2.vmdk" }] }
] }
END
peer_start -vms vms.json -extra-items

# ---- The lease ----

hx one out --manifest --verify --verify-manifest
done_well 'one disk'
whole out one d1.raw
ok $? 'is what the server has'
"$H2K_BUILD/hyper2kvm" validate --strict out/artifact-manifest.json >got/validate 2>&1
is $? 0 'hyper2kvm validate --strict'
is "$(jq -c '[.vm.cpu, .vm.mem_gb, .vm.firmware, .disks[0].source_format,
    .nics[0].mac]' out/artifact-manifest.json)" \
    '[2,1.5,"bios","vmdk","00:50:56:aa:bb:01"]' 'the manifest has the facts'
is "$(jq -r '.disks[0].checksum' out/artifact-manifest.json)" \
    "sha256:$(sha256sum <d1.vmdk | cut -d' ' -f1)" "and the disk's checksum"
cmp -s d1.vmdk out/one-disk1.vmdk
ok $? 'the file is the one that was sent'
happened '^lease-complete'
ok $? 'the lease was completed'
quiet_server
ok $? 'and nothing stays open'
xmllint --noout out/one.ovf 2>got/xml
ok $? 'the OVF is well-formed'

new_events
hx one out --manifest
is "$status" 6 'a second time it is refused'
grep -q 'one.ovf, one.mf, one-disk1.vmdk, artifact-manifest.json; use --force' got/err
ok $? 'with all that is there'
! happened '^lease '
ok $? 'before anything was begun'
hx one out --manifest --force
done_well '--force'
whole out one d1.raw
ok $? 'replaces it'

hx 'efi two' efi --manifest --verify
done_well 'two disks and EFI'
whole efi 'efi two' d1.raw d2.raw
ok $? 'both are right'
is "$(jq -c '[.vm.firmware, .vm.secure_boot]' efi/artifact-manifest.json)" \
    '["uefi",true]' 'and so are firmware and secure boot'

hx four four --manifest --parallel 3
done_well 'four disks'
whole four four d1.raw d2.raw d3.raw d4.raw
ok $? 'in the order of their controllers'
is "$(jq -c '[.disks[].boot_order_hint]' four/artifact-manifest.json)" \
    '[0,1,2,3]' 'as the manifest says'

hx '../odd: "name"' odd
done_well 'a hostile name'
is "$(find odd -type f | wc -l) $(find odd ! -name '*[/:"]*' -type f | wc -l)" \
    '3 3' 'gives names that mean the same to everybody'

hx four ova --format ova --verify
done_well 'an OVA'
mkdir -p unpacked && tar -xf ova/four.ova -C unpacked
is "$(tar -tf ova/four.ova | head -n 3 | tr '\n' ' ')" \
    'four.ovf four.mf four-disk1.vmdk ' 'which begins as it should'
whole unpacked four d1.raw d2.raw d3.raw d4.raw
ok $? 'and has all of it'
is "$(ls -A ova)" four.ova 'and nothing lies beside it'
hx one ova2 --format ova --manifest
is "$status" 2 'an OVA with an Artifact Manifest is refused'
[ ! -e ova2 ]
ok $? 'and leaves no directory'

# ---- One that runs ----

new_events
hx running running
is "$status" 2 'one that runs is refused'
grep -q -- '--power-off .* or --snapshot' got/err
ok $? 'and it is told what to do'
! happened '^(lease|snapshot-create)'
ok $? 'nothing was begun'
hx running running --snapshot --manifest
done_well '--snapshot'
whole running running d1.raw
ok $? 'exports it'
happened '^snapshot-create' && quiet_server
ok $? 'and the snapshot is gone'
hx running off --power-off
done_well '--power-off'
happened '^shutdown-guest'
ok $? 'asks the guest first'
whole off running d1.raw
ok $? 'and exports it'

# ---- The datastore ----

hx four flat --transport datastore --manifest --verify
done_well 'from the datastore'
whole flat four d1.raw d2.raw d3.raw d4.raw
ok $? 'all disks are right'
for n in 1 2 3 4; do
    cmp -s d$n.raw flat/four-disk$n-flat.vmdk || echo "disk $n differs"
done >got/flat
is "$(cat got/flat)" '' 'byte for byte'
[ "$(du -k flat/four-disk4-flat.vmdk | cut -f1)" -lt 6000 ]
ok $? 'with holes for zeros'
"$H2K_BUILD/hyper2kvm" validate --strict flat/artifact-manifest.json >got/validate 2>&1
is $? 0 'and the manifest is valid'
is "$(jq -c '[.disks[] | .source_format] | unique' flat/artifact-manifest.json)" \
    '["raw"]' 'naming the bytes'
hx one ova3 --format ova --transport datastore
is "$status" 2 'an OVA of flat bytes is refused'

# ---- A server without leases ----

peer_stop
peer_start -vms vms.json -plain
hx one auto --manifest
done_well 'a server that has no ExportVm'
grep -q 'the disks are read from the datastore' got/err
ok $? 'it is told'
cmp -s d1.raw auto/one-disk1-flat.vmdk
ok $? 'the datastore has it'
hx one none --transport lease
[ "$status" -ne 0 ] && nothing_published none
ok $? 'unless the lease was asked for'

# ---- NBD ----

if command -v nbdkit >/dev/null; then
    for n in 1 2 3 4; do
        nbdkit -U "$tap_dir/nbd$n" -P "$tap_dir/nbd$n.pid" file d$n.raw
    done
    hx four nbd --transport nbd --verify --manifest \
        --nbd-uri "nbd+unix:///?socket=$tap_dir/nbd1" \
        --nbd-uri "nbd+unix:///?socket=$tap_dir/nbd2" \
        --nbd-uri "nbd+unix:///?socket=$tap_dir/nbd3" \
        --nbd-uri "nbd+unix:///?socket=$tap_dir/nbd4"
    done_well 'from NBD servers'
    whole nbd four d1.raw d2.raw d3.raw d4.raw
    ok $? 'all disks are right'
    hx four nbd2 --transport nbd --nbd-uri "nbd+unix:///?socket=$tap_dir/nbd1"
    is "$status" 2 'too few of them are refused'
    for n in 1 2 3 4; do
        kill "$(cat "$tap_dir/nbd$n.pid")"
    done
fi
tap_done
