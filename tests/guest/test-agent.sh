#!/bin/bash
# SPDX-License-Identifier: LGPL-3.0-or-later
# --guest-agent on a real guest: the agent that was put in offline is configured
# at the guest's first start, without a network, and answers; nothing of that is
# left at the second.  In TAP.
# shellcheck source=../tap.sh
. "$H2K_SOURCE/tests/tap.sh"
# shellcheck source=row.sh
. "$H2K_SOURCE/tests/guest/row.sh"
need qemu-system-x86_64 qemu-img jq python3 apt-get

scripts=$H2K_SOURCE/tests/guest
guest=$("$scripts/guest.sh" debian12-agent)
ok $? "the guest is built, or in the cache"
[ -n "$guest" ] || tap_done
cache=${XDG_CACHE_HOME:-$HOME/.cache}/hyper2kvm/guest-agent
mkdir -p "$cache"
ls "$cache"/qemu-guest-agent_*.deb >/dev/null 2>&1 ||
    (cd "$cache" && apt-get -qq download qemu-guest-agent >"$tap_dir/said" 2>&1)
deb=$(ls "$cache"/qemu-guest-agent_*.deb 2>/dev/null | tail -n 1)
[ -n "$deb" ]
ok $? "the agent's package is to be had" || tap_done
release=$(dpkg-deb -f "$deb" Version | sed 's/^[0-9]*:\([0-9.]*\).*/\1/')

"$H2K_BUILD/hyper2kvm" --manifest "$guest/artifact-manifest.json" \
    --output-dir "$tap_dir/out" --guest-agent "$deb" >"$tap_dir/said" 2>&1
ok $? "the pipeline ends well"
grep -v ' %$' "$tap_dir/said" | sed 's/^/# /'
is "$(jq -c '[.warnings[]? | select(tostring | test("agent"))]' \
    "$tap_dir/out/report.json")" '[]' "and warns of nothing about the agent"
disk=$(jq -r '.artifacts[0].path' "$tap_dir/out/report.json")

cat >"$tap_dir/run" <<'END'
tries=0
until [ -e /run/h2k-asked ] || [ $((tries += 1)) -gt 600 ]; do sleep 1; done
echo "AGENT package $(dpkg-query -Wf '${Status}' qemu-guest-agent)"
echo "AGENT audit $(dpkg --audit | tr '\n' ' ')"
echo "AGENT service $(systemctl is-active qemu-guest-agent)"
echo "AGENT left $(ls -d /etc/systemd/system/hyper2kvm* /etc/systemd/system/*/hyper2kvm* \
    /var/lib/hyper2kvm* 2>/dev/null | tr '\n' ' ')"
END
# starts WHAT: what it told is in $tap_dir/WHAT, what the agent said in $version
starts()
{
    rm -f "$tap_dir/port"
    "$scripts/agent.py" "$tap_dir/port" /run/h2k-asked >"$tap_dir/version" &
    "$scripts/boot.sh" --bus virtio-blk --timeout 900 --agent "$tap_dir/port" \
        --run "$tap_dir/run" --poweroff --log "$tap_dir/console" "$disk" \
        >"$tap_dir/said" 2>&1
    ok $? "$1: it comes up"
    sed 's/^/# /' "$tap_dir/said"
    kill $! 2>/dev/null
    wait $!
    tr -d '\r' <"$tap_dir/console" | grep -aoE 'AGENT .*' |
        sed 's/ *$//' >"$tap_dir/$1"
    case $(cat "$tap_dir/version") in # "7.2.22" of 1:7.2+dfsg-7
    "$release"*) true ;;
    *) false ;;
    esac
    ok $? "$1: its agent answers the host ($(cat "$tap_dir/version"))"
    is "$(cat "$tap_dir/$1")" "AGENT package install ok installed
AGENT audit
AGENT service active
AGENT left" "$1: it is installed as its package manager would have it"
}
starts first
starts second

declare -A row=([guest]=guest-agent [virtio-blk]=up
    [about]="Debian 12, with the guest agent put in offline")
[ "$tap_failed" -ne 0 ] || row_save
tap_done
