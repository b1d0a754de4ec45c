#!/bin/bash
# SPDX-License-Identifier: LGPL-3.0-or-later
# Exports through a server, a network and a host that fail: each ends with
# files that are whole, or with a clear error and nothing under a final name;
# no lease stays open and no snapshot is left.
# shellcheck source=../tap.sh
. "$H2K_SOURCE/tests/tap.sh"
# shellcheck source=lib.sh
. "$H2K_SOURCE/tests/vsphere/lib.sh"
peer_need
# shellcheck source=export-lib.sh
. "$H2K_SOURCE/tests/vsphere/export-lib.sh"

disk d1 6 1
disk d2 4 2
cat >vms.json <<'END'
{ "VMs": [
  { "Name": "vm", "CPUs": 1, "MemoryMB": 512,
    "Disks": [{ "Controller": "pvscsi", "Unit": 0, "VMDK": "d1.vmdk", "Flat": "d1.raw" },
              { "Controller": "pvscsi", "Unit": 1, "VMDK": "d2.vmdk", "Flat": "d2.raw" }] },
  { "Name": "running", "Power": "on", "CPUs": 1, "MemoryMB": 512,
    "Tools": { "Running": true },
    "Disks": [{ "Controller": "pvscsi", "Unit": 0, "VMDK": "d1.vmdk" }] }
] }
END
peer_start -vms vms.json -lease-timeout 6

# behind RULE...: a new proxy with these rules.
behind()
{
    local rule flags=()
    for rule in "$@"; do
        flags+=(-rule "$rule")
    done
    [ -z "${PROXY_PID:-}" ] || kill "$PROXY_PID"
    proxy_start "${flags[@]}"
    URL=$PROXY_URL
    rm -rf out
    new_events
}

# succeeds NAME: the export is whole, and nothing stays open in the server.
succeeds()
{
    local problems
    problems=$(
        [ "$status" -eq 0 ] || echo "exit status $status"
        whole out vm d1.raw d2.raw >got/whole 2>&1 || echo "not whole"
        quiet_server || echo "something is open in the server"
    )
    [ -z "$problems" ]
    ok $? "$1"
    [ -z "$problems" ] || { echo "$problems" | sed 's/^/# /'; shown; }
}

# fails STATUS WORDS NAME
fails()
{
    local problems
    problems=$(
        [ "$status" -eq "$1" ] || echo "exit status $status, not $1"
        grep -q -- "$2" got/err || echo "not said: $2"
        nothing_published out || echo "a file has a final name"
        quiet_server || echo "something is open in the server"
    )
    [ -z "$problems" ]
    ok $? "$3"
    [ -z "$problems" ] || { echo "$problems" | sed 's/^/# /'; shown; }
}

# ---- The lease, through a network that fails ----

for fault in reset:300000 close:300000 truncate:300000 short:300000 \
    short-chunked:300000 503:1 status:500 late:700; do
    behind "/nfc/:$fault:1"
    hx vm out --transport lease
    succeeds "lease, ${fault%:*}: it is exported all the same"
done
grep -q 'starts again' got/err || behind "/nfc/:reset:300000:1"
hx vm out --transport lease
grep -q 'starts again' got/err
ok $? 'and that a disk starts again is told'
behind '/nfc/:flip:300000:1'
hx vm out --transport lease
fails 4 'SHA-1' "a changed byte is found by the server's own sum"
behind '/nfc/:status:404:0'
hx vm out --transport lease
fails 3 'replied 404' 'what is not there ends it'
behind '/nfc/:redirect:0:0'
hx vm out --transport lease
fails 3 'replied 302' 'a redirection is not followed'
behind '/nfc/:401:300000:1'
hx vm out --transport lease
succeeds 'a session that ends in the middle: another lease'
behind '/nfc/:slow:2000000:2'
hx vm out --transport lease
succeeds 'a slow server'
behind '/nfc/:tls-cut:0:1'
hx vm out --transport lease
if [ "$status" -eq 0 ]; then
    succeeds 'a handshake that is cut'
else
    fails 3 'the connection broke' 'a handshake that is cut'
fi

# ---- Calls that fail ----

behind
peer_order 'fault ExportVm:1:SystemError'
hx vm out --transport lease
fails 3 'SystemError' 'ExportVm with a fault'
peer_order 'fault HttpNfcLeaseComplete:1:SystemError'
new_events
hx vm out --transport lease
[ "$status" -eq 0 ] && whole out vm d1.raw d2.raw
ok $? 'a lease that cannot be completed'
grep -q 'did not take the end of the lease' got/err
ok $? 'is a warning'
rm -rf out
peer_order 'task-error RemoveSnapshot_Task:SystemError'
hx running out --snapshot
[ "$status" -eq 0 ] && whole out running d1.raw
ok $? 'a snapshot that cannot be removed'
grep -q 'could not be removed.*snapshot manager' got/err
ok $? 'is a warning that says what to do'
peer_order no-faults
behind '/nfc/:status:404:0'
hx running out --snapshot
fails 3 'replied 404' 'an export from a snapshot that fails'
happened '^snapshot-remove'
ok $? 'removes the snapshot'

# ---- The datastore ----

for fault in reset:700000 close:700000 503:1 status:500; do
    behind "flat:$fault:2"
    hx vm out --transport datastore
    succeeds "datastore, ${fault%:*}: it is exported all the same"
done
behind 'flat:reset:700000:0'
hx vm out --transport datastore --parallel 1
succeeds 'connections that always break: it goes on where it was'

# ---- A host that fails ----

URL=
if unshare -rm true 2>/dev/null; then
    rm -rf out && mkdir out
    new_events
    export H2K_BUILD PEER_URL PEER_USER PEER_PASSWORD_FILE PEER_CA
    # shellcheck disable=SC2016
    unshare -rm sh -c '
        mount -t tmpfs -o size=3m tmpfs out || exit 99
        timeout 60 "$H2K_BUILD/hyperexport" --url "$PEER_URL" \
            --username "$PEER_USER" --password-file "$PEER_PASSWORD_FILE" \
            --ca-file "$PEER_CA" --vm vm --output out --transport lease \
            >got/out 2>got/err </dev/null
        echo $? >got/code
        ls out >got/left'
    status=$(cat got/code)
    fails 6 'o space\|are free' 'a disk that is full'
    ! grep -v 'state.json$' got/left | grep -Eq '(vmdk|ovf|mf|json)$'
    ok $? 'leaves nothing under a final name'
    rmdir out
elif [ -n "${H2K_REQUIRE_ORACLES:-}" ]; then
    ok 1 'namespaces are there, for a disk that is full'
fi

# caught PID: it has a handler of SIGINT.
caught()
{
    (($(sed -n 's/^SigCgt:[[:space:]]*/0x/p' "/proc/$1/status") & 2))
}

# run_for SECONDS SIGNAL VM OPTION...: the seconds begin when it minds signals.
run_for()
{
    local seconds=$1 signal=$2 vm=$3
    shift 3
    env --default-signal=INT "$H2K_BUILD/hyperexport" --url "$URL" \
        --username "$PEER_USER" --password-file "$PEER_PASSWORD_FILE" \
        --ca-file "$PEER_CA" --vm "$vm" --output out "$@" \
        >got/out 2>got/err </dev/null &
    until caught $! 2>/dev/null || ! kill -0 $! 2>/dev/null; do
        sleep 0.02
    done
    sleep "$seconds"
    kill -"$signal" $! 2>/dev/null
    wait $! 2>/dev/null
    status=$?
}

# Slow enough that the signal comes before the end.
for seconds in 0.3 0.8 1.5; do
    behind '/nfc/:slow:800000:0'
    run_for $seconds INT vm --transport lease
    fails 130 interrupted "interrupted after $seconds s"
done
behind '/nfc/:slow:800000:0'
run_for 1.5 INT running --snapshot
fails 130 interrupted 'interrupted while a snapshot is there'
URL=$PEER_URL
rm -rf out
hx vm out
succeeds 'and the next run succeeds'

for transport in datastore lease; do
    behind '/nfc/.*disk-0|vm.*1.*flat:slow:800000:0'
    run_for 2 KILL vm --transport $transport
    nothing_published out
    ok $? "killed, by the $transport: no final name"
    URL=$PEER_URL
    new_events
    hx vm out --transport $transport --resume
    done_well 'and the next run succeeds with --resume'
    whole out vm d1.raw d2.raw
    ok $? 'with files that are whole'
    rm -rf out
done
behind '/nfc/:slow:500000:0'
run_for 2 KILL vm --transport lease
rm -rf out
URL=$PEER_URL
hx vm out --transport lease --resume
done_well 'killed before it wrote anything: --resume waits for the lease to end'
grep -q 'left its lease open' got/err
ok $? 'and says so'
behind '/nfc/:slow:500000:0'
run_for 2 KILL running --snapshot
URL=$PEER_URL
hx running out --snapshot
done_well 'killed with a snapshot there: the next run succeeds'
whole out running d1.raw && quiet_server
ok $? 'and removes both snapshots'
tap_done
