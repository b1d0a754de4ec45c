#!/bin/bash
# SPDX-License-Identifier: LGPL-3.0-or-later
# test-network.sh STACK: a real guest with two NICs, whose addresses STACK has
# under VMware's names, ens192 and ens224: ifupdown, networkd, netplan,
# networkmanager, bond-vlan, which is a bond over both with a VLAN on it, or rule,
# where a .link file of the guest's own has other settings for a card.  It is
# configured on VMware's hardware, goes through the pipeline, and comes up on
# virtio with each address under its name, on the card that had it, and reaches
# the host.  The guest is debian12, or debian12-STACK where that has packages
# that debian12 has not.  In TAP.
# shellcheck source=../tap.sh
. "$H2K_SOURCE/tests/tap.sh"
# shellcheck source=row.sh
. "$H2K_SOURCE/tests/guest/row.sh"
need qemu-system-x86_64 qemu-img jq

stack=$1
h2k=$H2K_BUILD/hyper2kvm
scripts=$H2K_SOURCE/tests/guest
out=$tap_dir/out
kind=debian12
[ ! -e "$scripts/kinds/debian12-$stack.sh" ] || kind=debian12-$stack
guest=$("$scripts/guest.sh" "$kind")
ok $? "the guest is built, or in the cache"
[ -n "$guest" ] || tap_done

# Scripts that the guest runs: how it is configured, and then in any case
# what came of it.
configure_ifupdown()
{
    cat <<'END'
cat >>/etc/network/interfaces <<CONF

allow-hotplug ens224
iface ens224 inet static
	address 10.0.3.15/24
CONF
ifup ens224
END
}

configure_rule()
{
    configure_ifupdown
    cat <<'END'
printf '[Match]\nMACAddress=00:50:56:aa:bb:01\n[Link]\nNamePolicy=slot\nMTUBytes=1400\n' >/etc/systemd/network/50-mtu.link
ip link set ens192 mtu 1400
END
}

# Another takes over; ifupdown has the loopback.
leave_ifupdown()
{
    cat <<'END'
ifdown ens192
printf 'auto lo\niface lo inet loopback\n' >/etc/network/interfaces
END
}

networkd()
{
    leave_ifupdown
    echo 'cd /etc/systemd/network'
    cat
    cat <<'END'
systemctl enable systemd-networkd.service
systemctl start systemd-networkd.service
END
}

configure_networkd()
{
    networkd <<'END'
printf '[Match]\nName=ens192\n[Network]\nAddress=10.0.2.15/24\nGateway=10.0.2.2\n' >10-first.network
printf '[Match]\nName=ens224\n[Network]\nAddress=10.0.3.15/24\n' >20-second.network
END
}

configure_bond_vlan()
{
    networkd <<'END'
printf '[NetDev]\nName=uplink\nKind=bond\nMACAddress=00:50:56:aa:bb:01\n[Bond]\nMode=active-backup\nMIIMonitorSec=100ms\n' >10-uplink.netdev
printf '[NetDev]\nName=uplink.7\nKind=vlan\n[VLAN]\nId=7\n' >10-vlan.netdev
printf '[Match]\nName=ens192\n[Network]\nBond=uplink\nPrimarySlave=true\n' >20-first.network
printf '[Match]\nName=ens224\n[Network]\nBond=uplink\n' >20-second.network
printf '[Match]\nName=uplink\n[Network]\nVLAN=uplink.7\nAddress=10.0.2.15/24\nGateway=10.0.2.2\n' >30-uplink.network
printf '[Match]\nName=uplink.7\n[Network]\nAddress=10.7.0.15/24\n' >40-vlan.network
END
    # Which card is the active one when both come in while it runs is chance; and
    # QEMU's vmxnet3 hears what is sent to its own MAC, not to one of the bond's.
    cat <<'END'
bond=/sys/class/net/uplink/bonding tries=0
until [ "$(wc -w <$bond/slaves)" -eq 2 ] || [ $((tries += 1)) -gt 60 ]; do
    sleep 1
done
echo ens192 >$bond/primary
echo ens192 >$bond/active_slave
cat /proc/net/bonding/uplink
END
}

configure_netplan()
{
    leave_ifupdown
    cat <<'END'
umask 077
cat >/etc/netplan/10-static.yaml <<CONF
network:
  version: 2
  renderer: networkd
  ethernets:
    ens192:
      addresses: [10.0.2.15/24]
      routes:
        - to: default
          via: 10.0.2.2
    ens224:
      addresses: [10.0.3.15/24]
CONF
netplan apply
END
}

configure_networkmanager()
{
    leave_ifupdown
    cat <<'END'
umask 077
cd /etc/NetworkManager/system-connections
for card in ens192:10.0.2.15/24,10.0.2.2 ens224:10.0.3.15/24; do
    cat >${card%%:*}.nmconnection <<CONF
[connection]
id=${card%%:*}
type=ethernet
interface-name=${card%%:*}

[ipv4]
method=manual
address1=${card#*:}

[ipv6]
method=disabled
CONF
done
systemctl restart NetworkManager
END
}

# The cards by their own MACs, addresses by their interfaces, and the hosts
# that answer there.
look()
{
    echo "hosts='$hosts'"
    cat <<'END'
sleep 5
tries=0
for host in $hosts; do
    until ip neighbour show "$host" | grep -q lladdr; do
        [ $((tries += 1)) -le 60 ] || break
        bash -c "echo >/dev/udp/$host/9" 2>/dev/null
        sleep 2
    done
done
for card in /sys/class/net/*; do
    [ ! -e "$card/device" ] ||
        echo "NET card ${card##*/} $(ip -d link show "${card##*/}" |
            grep -oE '(permaddr|link/ether) [0-9a-f:]*' | tail -n 1 | cut -d' ' -f2)"
done
ip -o link | sed -n 's/^[0-9]*: \(ens192\): .* mtu 1400 .*/NET card \1 mtu 1400/p'
ip -4 -o address | sed -n 's/^[0-9]*: *\([^ ]*\) *inet \([^ ]*\).*/NET address \1 \2/p'
ip neighbour | sed -n 's/^\(10[0-9.]*\) dev \([^ ]*\) lladdr.*/NET reaches \1 by \2/p'
END
}

# boots WHAT BUS OPTION...: what the guest told is left in $tap_dir/WHAT
boots()
{
    local what=$1 bus=$2 status
    shift 2
    "$scripts/boot.sh" --bus "$bus" --nics 2 --timeout 1800 \
        --run "$tap_dir/run" --log "$tap_dir/console" "$@" \
        >"$tap_dir/say" 2>&1
    status=$?
    ok $status "$stack: $what: it comes up on $bus"
    sed 's/^/# /' "$tap_dir/say"
    tr -d '\r' <"$tap_dir/console" | grep -aoE 'NET (card|address|reaches) .*' | LC_ALL=C sort \
        >"$tap_dir/$what"
}

hosts='10.0.2.2 10.0.3.2'
[ "$stack" != bond-vlan ] || hosts=10.0.2.2 # the other card is its reserve
disk=$tap_dir/before.qcow2
qemu-img create -q -f qcow2 -F vmdk -b "$(echo "$guest"/*-disk1.vmdk)" "$disk"
{
    "configure_${stack//-/_}"
    look
} >"$tap_dir/run"
boots before pvscsi --poweroff "$disk"
by='link file'
case $stack in
bond-vlan)
    expected='NET address lo 127.0.0.1/8
NET address uplink 10.0.2.15/24
NET address uplink.7 10.7.0.15/24
NET card ens192 00:50:56:aa:bb:01
NET card ens224 00:50:56:aa:bb:02
NET reaches 10.0.2.2 by uplink' ;;
rule) by='udev rule'
    expected='NET address ens192 10.0.2.15/24
NET address ens224 10.0.3.15/24
NET address lo 127.0.0.1/8
NET card ens192 00:50:56:aa:bb:01
NET card ens192 mtu 1400
NET card ens224 00:50:56:aa:bb:02
NET reaches 10.0.2.2 by ens192
NET reaches 10.0.3.2 by ens224' ;;
*) expected='NET address ens192 10.0.2.15/24
NET address ens224 10.0.3.15/24
NET address lo 127.0.0.1/8
NET card ens192 00:50:56:aa:bb:01
NET card ens224 00:50:56:aa:bb:02
NET reaches 10.0.2.2 by ens192
NET reaches 10.0.3.2 by ens224' ;;
esac
is "$(cat "$tap_dir/before")" "$expected" "$stack: on VMware it is as configured"

qemu-img convert -O qcow2 "$disk" "$tap_dir/flat.qcow2"
disk=$tap_dir/flat.qcow2
jq --arg disk "$disk" --argjson bytes "$(stat -c %s "$disk")" '
    .disks[0] |= (. + {source_format: "qcow2", local_path: $disk,
        bytes: $bytes} | del(.checksum)) |
    .nics = [{id: "nic-0", mac: "00:50:56:aa:bb:01"},
             {id: "nic-1", mac: "00:50:56:aa:bb:02"}]' \
    "$guest/artifact-manifest.json" >"$tap_dir/manifest.json"
"$h2k" --manifest "$tap_dir/manifest.json" --output-dir "$out" \
    >"$tap_dir/migrated" 2>&1
ok $? "$stack: the pipeline ends well"
grep -v ' %$' "$tap_dir/migrated" | sed 's/^/# /'
is "$(jq -r '.pipeline.stages.inspect.result |
    "\(.distro) \(.os_version | split(".")[0])"' "$out/report.json")" \
    "debian 12" "$stack: INSPECT names the system"
is "$(jq -c '[.pipeline.stages.fix.result.network[] | [.name, .mac, .by]]' \
    "$out/report.json")" \
    "[[\"ens192\",\"00:50:56:aa:bb:01\",\"$by\"],[\"ens224\",\"00:50:56:aa:bb:02\",\"link file\"]]" \
    "$stack: both names are kept"

look >"$tap_dir/run"
boots after virtio-blk --snapshot --tries 2 "$(jq -r '.artifacts[0].path' "$out/report.json")"
is "$(cat "$tap_dir/after")" "$expected" "$stack: on KVM it is as it was"
declare -A row=([guest]=network-$stack [inspected]=yes [virtio-blk]=up [network]=kept
    [about]="Debian 12, two NICs: $stack")
[ "$tap_failed" -ne 0 ] || row_save
tap_done
