#!/bin/sh
# SPDX-License-Identifier: LGPL-3.0-or-later
# Snapshots: quiesced where it can be, and gone again in every case.
. "$H2K_SOURCE/tests/tap.sh"
. "$H2K_SOURCE/tests/vsphere/lib.sh"
peer_need
. "$H2K_SOURCE/tests/vsphere/change-lib.sh"

cat >vms.json <<'END'
{"vms": [
  {"name": "web", "power": "on", "tools": {"running": true}},
  {"name": "stubborn", "power": "on", "tools": {"running": true}, "quiesce": "fail"},
  {"name": "bare", "power": "on"}
]}
END
peer_start -vms vms.json -vm 0

# made QUIESCED NAME: one was made so, without memory; it is removed.
made()
{
    is "$rc $(sed 's/snapshot [^ ]* //' out)" "0 $1" "$2"
    grep '^snapshot-create ' "$PEER_LOG" | tail -n 1 | grep -q 'memory=false'
    ok $? "$2: without memory"
    change unsnapshot "$(cut -d ' ' -f 2 out)"
    is "$rc" 0 "$2: removed"
    clean "$2"
}
change snapshot web 'before & <after>'
grep -q 'snapshot-create .*name="before & <after>" quiesce=true' "$PEER_LOG"
ok $? 'the name arrives as it is'
made quiesced 'with Tools'
change snapshot stubborn x
says 'VM stubborn: CreateSnapshot: FilesystemQuiesceFault' 'why it is not quiesced is told'
made plain 'a guest that cannot be quiesced'
change snapshot bare x
made plain 'without Tools'

change unsnapshot snapshot-999
is "$rc" 0 'one that is gone already is fine'

# The server refuses.
peer_order 'task-error CreateSnapshot_Task:InsufficientResourcesFault'
change snapshot web x
is "$rc" 3 'a snapshot that cannot be made'
says 'error: VM web: CreateSnapshot: InsufficientResourcesFault' 'names the VM and the fault'
clean 'no snapshot'
peer_order no-faults
change snapshot bare busy
id=$(cut -d ' ' -f 2 out)
peer_order 'fault RemoveSnapshot_Task:2:TaskInProgress'
change unsnapshot "$id"
is "$rc $(grep -c 'injected method=RemoveSnapshot_Task' "$PEER_LOG")" '0 2' \
    'a VM that is busy is asked again'
clean 'busy'
change snapshot bare kept
id=$(cut -d ' ' -f 2 out)
peer_order 'fault RemoveSnapshot_Task:1:NoPermission'
change unsnapshot "$id"
is "$rc" 3 'a removal that is refused'
says "snapshot $id is still there, remove it in vSphere: RemoveSnapshot: NoPermission" \
    'says so'
change unsnapshot "$id"
clean 'removed at last'

# Interrupted while a busy VM is asked again and again: once more, briefly.
change snapshot bare interrupted
id=$(cut -d ' ' -f 2 out)
peer_order 'fault RemoveSnapshot_Task:4:TaskInProgress'
change_start unsnapshot "$id"
await err 'TaskInProgress: .*trying again'
change_end INT
is "$rc" 0 'SIGINT does not end a removal'
clean 'SIGINT in a removal'

# Interrupted while the call that makes one is under way: the server made it,
# and it goes again.
for signal in INT TERM; do
    proxy_start -rule '/sdk#CreateSnapshot_Task$:late:1500:1'
    change_url=$PROXY_URL
    change_start snapshot web "sig$signal"
    await "$PROXY_LOG" 'soap=CreateSnapshot_Task'
    change_end $signal
    is "$rc" 130 "SIG$signal while it is made"
    clean "SIG$signal while it is made"
done
change_url=

# A session that ends between making and removing.
change snapshot web expired
id=$(cut -d ' ' -f 2 out)
peer_order 'expire-after 2'
change unsnapshot "$id"
is "$rc" 0 'a session that ends before the removal is renewed'
clean 'session expired'

tap_done
