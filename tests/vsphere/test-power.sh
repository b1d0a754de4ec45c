#!/bin/sh
# SPDX-License-Identifier: LGPL-3.0-or-later
# Switching VMs off: by their guests, by force, and when it is off already.
. "$H2K_SOURCE/tests/tap.sh"
. "$H2K_SOURCE/tests/vsphere/lib.sh"
peer_need
. "$H2K_SOURCE/tests/vsphere/change-lib.sh"

cat >vms.json <<'END'
{"vms": [
  {"name": "kind", "power": "on", "tools": {"running": true}, "shutdown": "300ms"},
  {"name": "deaf", "power": "on", "tools": {"running": true}, "shutdown": "ignore"},
  {"name": "held", "power": "on", "tools": {"running": true}, "shutdown": "ignore"},
  {"name": "bare", "power": "on"},
  {"name": "bare2", "power": "on"},
  {"name": "rude", "power": "on", "tools": {"running": true}, "shutdown": "300ms"},
  {"name": "raced", "power": "on"},
  {"name": "off", "power": "off"},
  {"name": "asleep", "power": "suspended"}
]}
END
peer_start -vms vms.json -vm 0

change power-off kind 60
is "$rc" 0 'a guest that shuts down'
is "$(count guest-is-off) $(grep -c 'method=PowerOffVM_Task' "$PEER_LOG")" '1 0' \
    'its power is not cut'
clean 'after a guest that shuts down'

change power-off kind 60
is "$rc $(count shutdown-guest)" '0 1' 'off already is fine, and asks for nothing'

change power-off deaf 1
is "$rc" 0 'a guest that does not obey'
is "$(grep -c 'shutdown-guest.*answer=ignore' "$PEER_LOG") $(grep -c \
    'soap method=PowerOffVM_Task' "$PEER_LOG")" '1 1' 'was asked first, then cut off'
says 'warning: VM deaf: the guest did not shut down in 1 s' 'that is told'

change power-off bare 60
is "$rc $(count shutdown-guest)" '0 2' 'without Tools nobody is asked'

change power-off rude 0
is "$rc $(count shutdown-guest)" '0 2' 'nor without a time of grace'

change power-off asleep 60
is "$rc" 1 'a suspended VM keeps its memory'
says 'VM asleep: it is suspended' 'that is said'

# It goes off between the look and the call: the last answer before the call
# is held up while another one switches it off.
proxy_start
change_url=$PROXY_URL
change power-off bare2 0
looks=$(sed '/soap=PowerOffVM_Task/q' "$PROXY_LOG" | grep -c '^request .*soap=RetrievePropertiesEx')
proxy_start -rule '/sdk#RetrievePropertiesEx$:late:1000:0'
change_url=$PROXY_URL
change_start power-off raced 0
until [ "$(grep -c '^request .*soap=RetrievePropertiesEx' "$PROXY_LOG")" -ge "$looks" ]; do
    sleep 0.02
done
change_url=
"$change_bin" "$PEER_URL" "$PEER_CA" "$PEER_PASSWORD_FILE" power-off raced 0 2>err2
change_end ''
is "$rc" 0 'one that went off meanwhile is off'

peer_order 'task-error PowerOffVM_Task:InvalidPowerState'
change power-off held 0
is "$rc" 3 'a power-off that is refused'
says 'error: VM held: PowerOffVM: InvalidPowerState' 'names the VM and the fault'
peer_order 'no-faults' 'fault ShutdownGuest:1:ToolsUnavailable'
change power-off held 5
is "$rc" 0 'a guest that cannot be asked is cut off'
says 'ToolsUnavailable' 'that is told'

# Interrupted while it waits for the guest.
peer_stop
peer_start -vms vms.json -vm 0
for signal in INT TERM; do
    change_start power-off deaf 600
    await err 'was asked to shut down'
    change_end $signal
    is "$rc" 130 "SIG$signal ends the wait"
    clean "SIG$signal"
done
is "$(grep -c 'soap method=PowerOffVM_Task' "$PEER_LOG")" 0 'its power stays'

# A session that ends in the middle.
change_start power-off deaf 4
await err 'was asked to shut down'
peer_order expire
change_end ''
is "$rc $(count session-expired)" '0 1' 'a session that ends in the wait is renewed'
clean 'session expired'

tap_done
