#!/bin/bash
# SPDX-License-Identifier: LGPL-3.0-or-later
# udev itself reads the .link files that FIX writes: a card with the MAC gets
# the name, and what has the MAC without being a card does not.  The card is
# this machine's, which keeps its own name; this needs root.
# shellcheck source=../tap.sh
. "$H2K_SOURCE/tests/tap.sh"
need udevadm ip unshare debugfs jq
cd "$tap_dir" || exit 1

card=
for device in /sys/class/net/*/device; do
    [ ! -e "$device" ] || card=${device%/device}
done
mac=00:50:56:aa:bb:01 # where the machine has none
[ -z "$card" ] || mac=$(cat "$card/address")
"$H2K_SOURCE/tests/tiny-guest.sh" guest.raw '
    printf "iface ens224 inet dhcp\n" >>etc/network/interfaces'
cat >manifest.json <<END
{ "manifest_version": "1.0",
  "source": { "provider": "vsphere", "vm_id": "vm-42", "vm_name": "tiny",
    "export_timestamp": "2026-01-22T10:00:00Z", "export_method": "nfc" },
  "disks": [ { "id": "disk-0", "source_format": "raw",
    "bytes": $(stat -c %s guest.raw), "local_path": "guest.raw",
    "boot_order_hint": 0, "disk_type": "boot" } ],
  "nics": [ { "id": "nic-0", "mac": "$mac" },
            { "id": "nic-1", "mac": "00:50:56:aa:bb:02" } ],
  "output": { "directory": "out", "format": "raw" } }
END
"$H2K_BUILD/hyper2kvm" --manifest manifest.json >log 2>&1
ok $? "a guest with two cards goes through"
sed 's/^/# /' log | grep -v ' %$'
is "$(jq -c '[.pipeline.stages.fix.result.network[] | [.name, .mac, .by]]' out/report.json)" \
    '[["ens192","'"$mac"'","link file"],["ens224","00:50:56:aa:bb:02","link file"]]' \
    "both names are kept"
disk=$(jq -r '.artifacts[0].path' out/report.json)
mkdir links
for name in ens192 ens224; do
    debugfs -R "cat /etc/systemd/network/10-hyper2kvm-$name.link" \
        "$disk?offset=$((16 << 20))" >"links/10-hyper2kvm-$name.link" 2>/dev/null
    [ -s "links/10-hyper2kvm-$name.link" ]
    ok $? "$name: its file is in the guest"
done

# named CARD: what udev would call it
cat >named <<'END'
udevadm test-builtin net_setup_link "/sys/class/net/$1" 2>/dev/null |
    sed -n 's/^ID_NET_NAME=//p'
END
cat >inside <<'END'
mount --bind links /etc/systemd/network || exit 77
sh named "$1"
END
cat >virtual <<'END'
mount --bind links /etc/systemd/network && mount -t sysfs sysfs /sys &&
    ip link add bridge1 address "$1" type bridge || exit 77
sh named bridge1
END
if [ -z "$card" ]; then
    echo "# not asked: this machine has no network card"
elif unshare --mount sh inside "${card##*/}" >names 2>err; then
    is "$(cat names)" ens192 "udev gives the card its name"
else
    echo "# not asked: $(head -n 1 err)"
fi
if unshare --mount --net sh virtual "$mac" >names 2>err; then
    is "$(cat names)" bridge1 "but not to a bridge with its MAC"
else
    echo "# not asked: $(head -n 1 err)"
fi
tap_done
