#!/bin/bash
# SPDX-License-Identifier: LGPL-3.0-or-later
# A real guest leaves a vSphere server and comes up on virtio: the walk that
# users take, in two commands and in one.  In TAP.  With H2K_GUESTS_BRIEF set
# only what one command made is booted; both made the same changes.
# shellcheck source=../tap.sh
. "$H2K_SOURCE/tests/tap.sh"
# shellcheck source=../vsphere/lib.sh
. "$H2K_SOURCE/tests/vsphere/lib.sh"
need qemu-system-x86_64 qemu-img jq tar sha256sum
peer_need

scripts=$H2K_SOURCE/tests/guest
guest=$("$scripts/guest.sh" debian12)
ok $? "the guest: built, or in the cache"
[ -n "$guest" ] || tap_done
export HOME=$tap_dir/home
mkdir "$HOME"
cd "$tap_dir" || exit 1
cat >vms.json <<JSON
{"vms": [{
  "name": "debian12", "folder": "prod", "guestId": "debian12_64Guest",
  "memoryMB": 1024, "cpus": 2,
  "nics": [{"type": "vmxnet3", "mac": "00:50:56:aa:bb:01",
            "network": "VM Network"}],
  "disks": [{"controller": "pvscsi", "vmdk": "$guest/debian12-disk1.vmdk"}]
}]}
JSON
peer_start -vms vms.json
export GOVC_URL=$PEER_URL GOVC_USERNAME=$PEER_USER
export GOVC_PASSWORD=$PEER_PASSWORD GOVC_TLS_CA_CERTS=$PEER_CA

# h2k NAME COMMAND...: it ends well; what it said is shown.
h2k()
{
    local name=$1 program=$2
    shift 2
    "$H2K_BUILD/$program" "$@" >said 2>&1
    ok $? "$name"
    grep -v ' %$' said | sed 's/^/# /'
}

# boots DISK NAME
boots()
{
    "$scripts/boot.sh" --snapshot --bus virtio-blk --timeout 400 --tries 2 "$1" \
        >said 2>&1
    ok $? "$2 comes up on virtio"
    sed 's/^/# /' said
}

# Nothing is left behind on the server.
clean()
{
    is "$(grep -c '^lease-complete' "$PEER_LOG")" "$1" "$2: its lease is completed"
    is "$(grep -c '^login ' "$PEER_LOG")" "$(grep -c '^logout' "$PEER_LOG")" \
        "$2: logged out"
}

# ---- In two commands, as the documents say ----

h2k "export, with a manifest that is verified" hyperexport --vm debian12 \
    --output export --manifest --manifest-checksum --verify-manifest
clean 1 "export"
cmp -s "$guest/debian12-disk1.vmdk" export/debian12-disk1.vmdk
ok $? "the disk is the server's, byte for byte"
(cd export && sed -n 's/^SHA256(\(.*\))= \(.*\)$/\2  \1/p' ./*.mf |
    sha256sum --check --strict --quiet)
ok $? "sha256sum agrees with the .mf"
is "$(jq -c '[.vm.cpu, .vm.mem_gb, .vm.firmware, .nics[0].mac]' \
    export/artifact-manifest.json)" '[2,1,"bios","00:50:56:aa:bb:01"]' \
    "the manifest has the machine"
h2k "hyper2kvm on that manifest" hyper2kvm \
    --manifest export/artifact-manifest.json
[ -n "${H2K_GUESTS_BRIEF:-}" ] ||
    boots export/output/disk-0.qcow2 "what two commands made"

# ---- In one, by a profile, and without a VMDK ----

h2k "a profile is saved" hyperexport --save-profile kvm --convert-only \
    --verify-manifest=false
h2k "export and migrate in one command" hyperexport --vm prod/debian12 \
    --profile kvm --output streamed
clean 2 "streamed"
is "$(find streamed -name '*.vmdk')" '' "no VMDK is kept"
disk=$(jq -r '.artifacts[0].path' streamed/report.json)
qemu-img check -q "$disk"
ok $? "qemu-img finds nothing wrong with the result"
is "$(jq -c '[.changes[] | [.file, .what]]' streamed/report.json)" \
    "$(jq -c '[.changes[] | [.file, .what]]' export/output/report.json)" \
    "one command makes the changes that two make"
boots "$disk" "what one command made"
tap_done
