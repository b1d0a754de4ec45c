#!/bin/sh
# SPDX-License-Identifier: LGPL-3.0-or-later
# Leases: what they serve, that they are kept alive, and that every end of an
# export ends them.
. "$H2K_SOURCE/tests/tap.sh"
. "$H2K_SOURCE/tests/vsphere/lib.sh"
need qemu-img
peer_need
. "$H2K_SOURCE/tests/vsphere/change-lib.sh"

# Two disks with something in them, and one that is left out of snapshots.
for i in 0 1; do
    openssl rand 300000 >disk$i.raw
    truncate -s 8M disk$i.raw
    qemu-img convert -O vmdk -o subformat=streamOptimized disk$i.raw disk$i.vmdk
done
cat >vms.json <<'END'
{"vms": [
  {"name": "web/01", "folder": "prod",
   "disks": [{"controller": "sata", "unit": 2, "vmdk": "disk1.vmdk"},
             {"controller": "pvscsi", "unit": 0, "vmdk": "disk0.vmdk"}]},
  {"name": "running", "power": "on", "tools": {"running": true},
   "disks": [{"controller": "pvscsi", "unit": 0, "vmdk": "disk0.vmdk"}]}
]}
END
mkdir got

# ---- The way it should go ----

peer_start -vms vms.json -vm 0 -extra-items
change lease web/01 files fetch got manifest complete
is "$rc" 0 'an export'
is "$(grep -c '^file .* disk ' out) $(grep -c '^file .* other -1 ' out)" '2 2' \
    'disks, and what is none'
cmp -s got/disk-0.vmdk disk1.vmdk && cmp -s got/disk-1.vmdk disk0.vmdk
ok $? 'the bytes'
is "$(sed -n 's/^sum [^ ]*Controller0:[02] [0-9]* \([0-9a-f]*\) -/\1/p' out)" \
    "$(sha1sum got/disk-0.vmdk got/disk-1.vmdk | cut -d ' ' -f 1)" \
    'the checksums that the server counted'
is "$(sed -n 's/^file \([^ ]*\) [^ ]* disk \([^ ]*\) .*/\1 \2/p' out)" \
    "disk-0.vmdk 16002
disk-1.vmdk 2000" 'the files know their devices'
is "$(count lease-complete) $(count lease-abort)" '1 0' 'it is completed'
clean 'complete'

change lease web/01 progress 10 hold 3000 complete
grep -q '^lease-progress percent=10 ' "$PEER_LOG"
ok $? 'a change of per cent is told long before the timeout'

change snapshot running s
id=$(cut -d ' ' -f 2 out)
change lease running of "$id" files fetch got complete
is "$rc $(grep -c '^file disk-0.vmdk ' out)" '0 1' 'an export of a snapshot'
cmp -s got/disk-0.vmdk disk0.vmdk
ok $? 'its bytes'
change unsnapshot "$id"
clean 'snapshot'

change lease running files
is "$rc" 3 'a VM that runs'
says 'error: VM running: ExportVm: InvalidPowerState' 'is refused by the server'
clean 'refused'

change descriptor web/01
grep -q '<' out
is "$rc $?" '0 0' 'a descriptor'
grep -q 'a &amp; b.vmdk' out
ok $? 'has the names of our files'

# ---- Kept alive ----

peer_stop
peer_start -vms vms.json -vm 0 -lease-timeout 1
change lease web/01 hold 4000 check fetch got complete
is "$rc" 0 'a lease lives for four times its timeout'
clean 'held'

# ---- Signals ----

for signal in INT TERM; do
    change_start lease web/01 live
    await out live
    change_end $signal
    is "$rc" 130 "SIG$signal"
    clean "SIG$signal"
    proxy_start -rule '/nfc/:slow:20000:0'
    change_url=$PROXY_URL
    change_start lease web/01 fetch got complete
    await "$PROXY_LOG" 'hit '
    change_end $signal
    is "$rc" 130 "SIG$signal in a download"
    clean "SIG$signal in a download"

    # The server made the lease, and its answer is on the way.
    proxy_start -rule '/sdk#ExportVm$:late:1500:1'
    change_url=$PROXY_URL
    change_start lease web/01 live
    await "$PROXY_LOG" 'soap=ExportVm'
    change_end $signal
    is "$rc" 130 "SIG$signal in ExportVm"
    clean "SIG$signal in ExportVm"

    # The keeper's call hangs.
    proxy_start -rule '/sdk#HttpNfcLeaseProgress$:stall:0:0'
    change_url=$PROXY_URL
    change_start lease web/01 live
    await "$PROXY_LOG" 'hit .*Progress'
    change_end $signal
    ok "$((rc != 130))" "SIG$signal while the keeper's call hangs"
    clean "SIG$signal while the keeper's call hangs"
    change_url=
done

# ---- It ends by itself ----

change_start lease web/01 live
await out live
peer_order 'fail-leases HostNotConnected'
change_end ''
is "$rc" 3 'a lease that the server ends is noticed'
says 'error: VM web/01: the server ended the lease: HostNotConnected' 'with its fault'
clean 'died'

change_start lease web/01 live
await out live
peer_order expire
change_end ''
is "$rc" 3 'a session that ends takes the lease with it'
says 'error: VM web/01: the server ended the lease: RequestCanceled' 'with its fault'
clean 'session expired'

change lease web/01 fetch-some 1000 complete
is "$rc" 6 'an error in the middle'
clean 'error in the middle'

# Progress that is refused for a moment is no end.
peer_order 'fault HttpNfcLeaseProgress:1:SystemError'
change lease web/01 hold 2500 complete
is "$rc" 0 'one beat that failed does not matter'
peer_order 'fault HttpNfcLeaseComplete:1:SystemError'
change lease web/01 complete
is "$rc" 3 'a completion that is refused'
says 'error: VM web/01: HttpNfcLeaseComplete: SystemError' 'is told'
clean 'not completed'

# The answer to the completion is lost.
proxy_start -rule '/sdk#HttpNfcLeaseComplete$:reset:0:1'
change_url=$PROXY_URL
change lease web/01 complete
is "$rc" 0 'a completion whose answer is lost'
clean 'answer lost'
change_url=

peer_stop
peer_start -vms vms.json -vm 0 -lease-dies-after 100000 -lease-timeout 3
change lease web/01 fetch got complete
is "$rc" 3 'a lease that dies in a download'
says 'error: VM web/01: the server ended the lease: SystemError' 'is told, not just the cut'
clean 'died in a download'

peer_start -vms vms.json -vm 0 -lease-error FileLocked
change lease web/01 files
is "$rc" 3 'a lease that does not get ready'
says 'error: VM web/01: the server ended the lease: FileLocked' 'says why'
clean 'not ready'

peer_start -vms vms.json -vm 0 -lease-init 600s
change_start lease web/01 live
await "$PEER_LOG" 'lease state=initializing'
change_end INT
is "$rc" 130 'interrupted while it gets ready'
clean 'interrupted while it gets ready'

# ---- Where the files are ----

peer_start -vms vms.json -vm 0 -star-host
host=${PEER_URL#*://}
change lease web/01 files
is "$(sed -n 's/^file disk-0.* \(http[^ ]*\)$/\1/p' out | cut -d / -f 3)" \
    "${host%:*}" "a host of '*' is the server's"

# Another host: localhost instead of 127.0.0.1.
peer_stop
port=${host%%/*}
port=${port##*:}
peer_start -vms vms.json -vm 0 -listen "127.0.0.1:$port" -url-host "localhost:$port"
change lease web/01 files cookie fetch got complete
is "$rc" 0 'files on another host'
cmp -s got/disk-0.vmdk disk1.vmdk
ok $? 'their bytes'
says 'verbose: VM web/01: disk-0.vmdk is served by localhost' 'the host is told'
clean 'another host'

for hostile in slash-name dotdot-name empty-name control-name negative-size no-urls; do
    peer_stop
    peer_start -vms vms.json -vm 0 -hostile $hostile
    change lease web/01 files
    is "$rc" 0 "$hostile"
    ! sed -n 's/^file \([^ ]*\) .*/\1/p' out | grep -q '/\|^\.\|^$'
    ok $? "$hostile: harmless names"
    is "$(sed -n 's/^file \([^ ]*\) .*/\1/p' out | sort | uniq -d)" '' \
        "$hostile: no name twice"
    clean "$hostile"
done
peer_stop
peer_start -vms vms.json -vm 0 -hostile file-url
change lease web/01 files
is "$rc" 3 'file-url'
says 'URL is not one for this' 'is refused'
clean file-url
peer_stop
peer_start -vms vms.json -vm 0 -hostile other-host
change lease web/01 files fetch got
is "$rc" 3 'a host that is not there'
clean 'a host that is not there'

# ---- The simulator alone has no exports ----

peer_stop
peer_start -plain -vms vms.json -vm 0
change lease web/01 files
is "$rc" 3 'a server without ExportVm'
says 'VM web/01: ExportVm: ' 'is named'
change descriptor web/01
is "$rc" 3 'a server without CreateDescriptor'

tap_done
