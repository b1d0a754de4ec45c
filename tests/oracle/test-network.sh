#!/bin/bash
# SPDX-License-Identifier: LGPL-3.0-or-later
# udev itself reads the .link files that FIX writes: a card with the MAC gets
# the name, a bridge with the same MAC on top of it does not.  The card is a
# virtual one in a network namespace, so this needs root; real ones are in
# tests/guest/test-network.sh.
# shellcheck source=../tap.sh
. "$H2K_SOURCE/tests/tap.sh"
need udevadm ip unshare debugfs jq
cd "$tap_dir" || exit 1

# A guest whose systemd does not know PermanentMACAddress=: a virtual card has
# no such address.
"$H2K_SOURCE/tests/tiny-guest.sh" guest.raw '
    touch usr/lib/systemd/libsystemd-shared-239.so
    printf "iface ens224 inet dhcp\n" >>etc/network/interfaces'
cat >manifest.json <<END
{ "manifest_version": "1.0",
  "source": { "provider": "vsphere", "vm_id": "vm-42", "vm_name": "tiny",
    "export_timestamp": "2026-01-22T10:00:00Z", "export_method": "nfc" },
  "disks": [ { "id": "disk-0", "source_format": "raw",
    "bytes": $(stat -c %s guest.raw), "local_path": "guest.raw",
    "boot_order_hint": 0, "disk_type": "boot" } ],
  "nics": [ { "id": "nic-0", "mac": "00-50-56-AA-BB-01" },
            { "id": "nic-1", "mac": "00:50:56:aa:bb:02" } ],
  "output": { "directory": "out", "format": "raw" } }
END
"$H2K_BUILD/hyper2kvm" --manifest manifest.json >log 2>&1
ok $? "a guest with two cards goes through"
sed 's/^/# /' log | grep -v ' %$'
is "$(jq -c '[.pipeline.stages.fix.result.network[] | [.name, .mac, .by]]' out/report.json)" \
    '[["ens192","00:50:56:aa:bb:01","link file"],["ens224","00:50:56:aa:bb:02","link file"]]' \
    "both names are kept"
disk=$(jq -r '.artifacts[0].path' out/report.json)
mkdir links
for name in ens192 ens224; do
    debugfs -R "cat /etc/systemd/network/10-hyper2kvm-$name.link" \
        "$disk?offset=$((16 << 20))" >"links/10-hyper2kvm-$name.link" 2>/dev/null
    [ -s "links/10-hyper2kvm-$name.link" ]
    ok $? "$name: its file is in the guest"
done

cat >inside <<'END'
mount -t sysfs sysfs /sys && mount --bind links /etc/systemd/network || exit 77
ip link add card2 address 00:50:56:aa:bb:02 type veth peer name card1 || exit 77
ip link set card1 address 00:50:56:aa:bb:01 || exit 77
ip link add bridge1 address 00:50:56:aa:bb:01 type bridge || exit 77
for card in card1 card2 bridge1; do
    echo "$card $(udevadm test-builtin net_setup_link "/sys/class/net/$card" 2>/dev/null |
        sed -n 's/^ID_NET_NAME=//p')"
done
END
if ! unshare --mount --net sh inside >names 2>err; then
    skip "$(head -n 1 err)"
    tap_done
fi
is "$(tr '\n' ' ' <names)" "card1 ens192 card2 ens224 bridge1 bridge1 " \
    "udev gives the cards their names, and the bridge keeps its own"
tap_done
