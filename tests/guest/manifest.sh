#!/bin/sh
# manifest.sh DISK.vmdk: the Artifact Manifest of a one-disk VM, as
# hyperexport writes it, to standard output.
set -eu
disk=$1 name=$(basename "$1")
sum=$(sha256sum "$disk" | cut -d' ' -f1)
cat <<JSON
{
  "manifest_version": "1.0",
  "source": {
    "provider": "vsphere",
    "vm_id": "vm-12",
    "vm_name": "${name%.vmdk}",
    "datacenter": "DC0",
    "export_timestamp": "$(date -u +%Y-%m-%dT%H:%M:%SZ)",
    "export_method": "nfc"
  },
  "vm": {
    "cpu": 2,
    "mem_gb": 1,
    "firmware": "bios",
    "secure_boot": false,
    "os_hint": "debian",
    "os_version": "12"
  },
  "disks": [
    {
      "id": "disk-0",
      "source_format": "vmdk",
      "bytes": $(stat -c %s "$disk"),
      "local_path": "$name",
      "checksum": "sha256:$sum",
      "boot_order_hint": 0,
      "label": "Hard disk 1",
      "disk_type": "boot"
    }
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
