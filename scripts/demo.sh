#!/bin/bash
# SPDX-License-Identifier: LGPL-3.0-or-later
# demo.sh BUILD: a real Debian guest, as VMware has it, through the pipeline.
set -euo pipefail
build=$1
top=$(cd "$(dirname "$0")/.." && pwd)
out=${H2K_DEMO_DIR:-$top/$build/demo}

echo "== A real Debian 12 guest, VMware-style (built once, then cached)"
guest=$("$top/tests/guest/guest.sh" debian12)
ls -lh "$guest"

echo
echo "== hyper2kvm --manifest artifact-manifest.json --test-boot"
rm -rf "$out"
"$top/$build/hyper2kvm" --manifest "$guest/artifact-manifest.json" \
    --output-dir "$out" --test-boot

echo
echo "== The result, in $out"
ls -lh "$out"
# What the test boot found to work on this machine.
accelerator=tcg
! grep -q '"accelerator": "kvm"' "$out/report.json" || accelerator=kvm
cat <<END

Start it by hand (log in as root, password hyper2kvm; leave with Ctrl-A X):
  qemu-system-x86_64 -m 1024 -smp 2 -accel $accelerator -nographic \\
    -drive file=$out/disk-0.qcow2,if=virtio,snapshot=on
Or as a libvirt domain:
  virt-install --import --name demo --memory 1024 --osinfo debian12 \\
    --disk $out/disk-0.qcow2,bus=virtio
END
