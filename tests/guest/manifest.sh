#!/bin/sh
# manifest.sh KIND DIRECTORY: the Artifact Manifest of the VM whose disks are
# the VMDKs of that directory, in the order of their names, as hyperexport
# writes it, to standard output.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
kinds=$here/kinds
# shellcheck source=/dev/null
. "$kinds/$1.sh"
secure=false efi=bios
case $firmware in
uefi) efi=uefi ;;
secure) efi=uefi secure=true ;;
esac

disks() {
	n=0
	for disk in "$1"/*.vmdk; do
		[ "$n" -eq 0 ] || printf ',\n'
		sum=$(sha256sum "$disk" | cut -d' ' -f1)
		type=data
		[ "$n" -gt 0 ] || type=boot
		cat <<-JSON
		    {
		      "id": "disk-$n",
		      "source_format": "vmdk",
		      "bytes": $(stat -c %s "$disk"),
		      "local_path": "$(basename "$disk")",
		      "checksum": "sha256:$sum",
		      "boot_order_hint": $n,
		      "label": "Hard disk $((n + 1))",
		      "disk_type": "$type"
		    }
		JSON
		n=$((n + 1))
	done
}

cat <<JSON
{
  "manifest_version": "1.0",
  "source": {
    "provider": "vsphere",
    "vm_id": "vm-12",
    "vm_name": "$1",
    "datacenter": "DC0",
    "export_timestamp": "$(date -u +%Y-%m-%dT%H:%M:%SZ)",
    "export_method": "nfc"
  },
  "vm": {
    "cpu": 2,
    "mem_gb": 1,
    "firmware": "$efi",
    "secure_boot": $secure,
    "os_hint": "$os_hint",
    "os_version": "$os_version"
  },
  "disks": [
$(disks "$2")
  ],
  "nics": [
    { "id": "nic-0", "mac": "00:50:56:aa:bb:01", "network": "VM Network" }
  ],
  "pipeline": {
    "inspect": { "enabled": true, "collect_guest_info": true },
    "fix": { "enabled": true },
    "convert": { "enabled": true },
    "validate": { "enabled": true }
  },
  "output": { "format": "qcow2" }
}
JSON
