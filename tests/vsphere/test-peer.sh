#!/bin/sh
# SPDX-License-Identifier: LGPL-3.0-or-later
# The test peer and the fault proxy themselves, by curl and xmllint alone.
# shellcheck source-path=SCRIPTDIR/..
. "$H2K_SOURCE/tests/tap.sh"
. "$H2K_SOURCE/tests/vsphere/lib.sh"

need curl xmllint qemu-img openssl sha256sum sha1sum
peer_need
cd "$tap_dir" || exit 1

# ---- Asking -------------------------------------------------------------

# soap BODY [CURL OPTION...]: the answer in the file "answer", its status in
# $status; the session's cookie in the file "jar".
soap()
{
    printf '%s' "<?xml version=\"1.0\" encoding=\"UTF-8\"?><e:Envelope xmlns:e=\"http://schemas.xmlsoap.org/soap/envelope/\" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"><e:Body>$1</e:Body></e:Envelope>" >question
    shift
    status=$(curl -sS --max-time 120 --cacert "$PEER_CA" -b jar -c jar \
        -H 'Content-Type: text/xml; charset=utf-8' \
        -H "SOAPAction: ${action-\"urn:vim25/6.7\"}" --data-binary @question \
        -o answer -w '%{http_code}' "$@" "$url" 2>curl.err)
}

# call METHOD TYPE ID [MORE]
call()
{
    soap "<$1 xmlns=\"urn:vim25\"><_this type=\"$2\">$3</_this>${4-}</$1>"
}

# value XPATH: of the last answer, without namespaces: //name
value()
{
    xmllint --xpath "string($(printf %s "$1" |
        sed 's,/\([A-Za-z]\),/*[local-name()="\1,g; s,="\([A-Za-z0-9]*\),="\1"],g'))" \
        answer 2>/dev/null
}
fault() { value "//detail/*[1]/@*[local-name()='type']"; }

login()
{
    rm -f jar
    call Login SessionManager SessionManager \
        "<userName>$PEER_USER</userName><password>${1:-Pass&amp;word \"1\"}</password>"
}
find_vm()
{
    call FindByInventoryPath SearchIndex SearchIndex \
        "<inventoryPath>$1</inventoryPath>"
    value //returnval
}
# property TYPE ID PATH [OPTIONS]
collector=propertyCollector
property()
{
    call RetrievePropertiesEx PropertyCollector "$collector" \
        "<specSet><propSet><type>$1</type><pathSet>$3</pathSet></propSet><objectSet><obj type=\"$1\">$2</obj></objectSet></specSet><options>${4-}</options>"
    value //propSet/val
}
# lease_until ID STATE: waits for it, with a limit that only a fault meets.
lease_until()
{
    tries=0
    while [ "$(property HttpNfcLease "$1" state)" != "$2" ]; do
        tries=$((tries + 1))
        [ $tries -lt 600 ] || return 1
        sleep 0.05
    done
}
export_vm()
{
    call ExportVm VirtualMachine "$1"
    lease=$(value //returnval)
}
get() { curl -sS --max-time 120 --cacert "$PEER_CA" -b jar "$@" 2>curl.err; }
logged() { grep -q "^$1" "$PEER_LOG"; }
sum() { sha256sum "$1" | cut -d' ' -f1; }

# ---- Disks --------------------------------------------------------------

head -c 3000000 /dev/urandom >disk.raw
truncate -s 16M disk.raw
qemu-img convert -O vmdk -o subformat=streamOptimized disk.raw disk.vmdk
cat >vms.json <<'END'
{"vms": [
 {"name": "web/01 é", "folder": "prod/linux", "guestId": "debian12_64Guest",
  "memoryMB": 2048, "cpus": 2, "firmware": "efi", "secureBoot": true,
  "custom": {"owner": "ops"}, "nics": [{"mac": "00:50:56:aa:bb:01", "network": "VM Network"}],
  "disks": [{"controller": "pvscsi", "vmdk": "disk.vmdk", "flat": "disk.raw"},
            {"controller": "lsi", "bus": 1, "unit": 2, "vmdk": "disk.vmdk"}]},
 {"name": "on", "power": "on", "tools": {"running": true},
  "quiesce": "fail", "shutdown": "10ms", "disks": [{"vmdk": "disk.vmdk"}]},
 {"name": "twin", "folder": "a"}, {"name": "twin", "folder": "b"}
]}
END

# ---- Sessions -----------------------------------------------------------

peer_start -vms vms.json -lease-timeout 600 -extra-items
url=$PEER_URL
origin=${PEER_URL%/sdk}
touch jar
call RetrieveServiceContent ServiceInstance ServiceInstance
is "$(value //about/apiType)" VirtualCenter "a vCenter, without a session"
call CurrentTime ServiceInstance ServiceInstance
is "$status $(fault)" "500 NotAuthenticated" "nothing else without one"
login wrong
is "$status $(fault)" "500 InvalidLogin" "a wrong password is refused"
login
is "$(value //userName)" root "the right one is taken"
grep -q 'vmware_soap_session.*"' jar
ok $? "the cookie's value is quoted, as a vCenter does"
call CurrentTime ServiceInstance ServiceInstance
is "$status" 200 "and the session counts"
sed 's/session\t"[^"]*"/session\t"stale"/' jar >jar.stale
property VirtualMachine x name >/dev/null
cp jar jar.good && cp jar.stale jar
call CurrentTime ServiceInstance ServiceInstance
is "$(fault)" NotAuthenticated "a stale cookie does not"
property VirtualMachine x name >/dev/null
is "$(fault)" NotAuthenticated "nor for properties"
cp jar.good jar

action='"urn:other"' && call CurrentTime ServiceInstance ServiceInstance
is "$status $(fault)" "500 InvalidRequest" "a wrong SOAPAction is refused"
action='' && call CurrentTime ServiceInstance ServiceInstance
is "$(fault)" InvalidRequest "a missing one too"
unset action
soap '<CurrentTime xmlns="urn:vim24"><_this type="ServiceInstance">ServiceInstance</_this></CurrentTime>'
is "$(fault)" InvalidRequest "and a wrong namespace"

# ---- The lease ----------------------------------------------------------

vm=$(find_vm "/DC0/vm/prod/linux/web%2f01 é")
[ -n "$vm" ]
ok $? "a VM with an odd name, by its path"
is "$(property VirtualMachine "$vm" config.firmware)" efi "and its firmware"
property VirtualMachine "$vm" customValue >/dev/null
is "$(value //CustomFieldValue/value)" ops "and its custom attribute"
is "$(find_vm /DC0/vm/none)" '' "no such VM: an empty answer"
[ "$(find_vm /DC0/vm/a/twin)" != "$(find_vm /DC0/vm/b/twin)" ]
ok $? "two of one name"

on=$(find_vm /DC0/vm/on)
export_vm "$on"
is "$(fault)" InvalidPowerState "no ExportVm while it is on"
export_vm "$vm"
first=$lease
is "$(grep -c '^lease state=initializing' "$PEER_LOG")" 1 "ExportVm gives a lease"
lease_until "$lease" ready
ok $? "which gets ready"
export_vm "$vm"
is "$(fault)" TaskInProgress "a second one is refused meanwhile"
call PowerOnVM_Task VirtualMachine "$vm"
is "$(fault)" TaskInProgress "and so is powering on"

property HttpNfcLease "$first" info >/dev/null
cp answer info
is "$(value //leaseTimeout)" 600 "leaseTimeout in seconds"
is "$(value //deviceUrl[1]/key)" "/$vm/ParaVirtualSCSIController0:0" "the disk's key"
is "$(value //deviceUrl[2]/key)" "/$vm/VirtualLsiLogicController1:2" "and the second's"
is "$(value //deviceUrl[1]/disk)$(value //deviceUrl[3]/disk)" truefalse "what is a disk, and what not"
is "$(value //deviceUrl[1]/fileSize)" "$(stat -c %s disk.vmdk)" "fileSize"
is "$(value //totalDiskCapacityInKB)" 32768 "the capacity of both"
disk=$(value //deviceUrl[1]/url)
is "$(value //hostMap/datastoreKey)" "${disk%disk-0.vmdk}" "hostMap"
get -o got.vmdk -D headers "$disk"
is "$(sum got.vmdk)" "$(sum disk.vmdk)" "the disk's bytes"
grep -qi '^transfer-encoding: chunked' headers
ok $? "come in chunks"
is "$(get -o part -w '%{http_code}' -r 0-99 "$disk") $(stat -c %s part)" \
    "200 $(stat -c %s disk.vmdk)" "without ranges"
is "$(curl -sS --cacert "$PEER_CA" -o /dev/null -w '%{http_code}' "$disk")" 401 \
    "and not without a session"

call HttpNfcLeaseProgress HttpNfcLease "$first" '<percent>50</percent>'
is "$(property HttpNfcLease "$first" transferProgress)" 50 "progress"
call HttpNfcLeaseGetManifest HttpNfcLease "$first"
is "$(value //sha1) $(value //size)" \
    "$(sha1sum disk.vmdk | cut -d' ' -f1) $(stat -c %s disk.vmdk)" "the manifest"
is "$(xmllint --xpath 'count(//*[local-name()="returnval"])' answer)" 1 "of what was fetched"

call CreateDescriptor OvfManager OvfManager \
    "<obj type=\"VirtualMachine\">$vm</obj><cdp><ovfFiles><deviceId>/$vm/ParaVirtualSCSIController0:0</deviceId><path>d.vmdk</path><size>5</size></ovfFiles></cdp>"
value //ovfDescriptor >d.ovf
xmllint --noout d.ovf
ok $? "CreateDescriptor gives XML"
is "$(xmllint --xpath 'string(//*[local-name()="File"]/@*[local-name()="href"])' d.ovf)" \
    d.vmdk "with the file"

call HttpNfcLeaseAbort HttpNfcLease "$first"
is "$(property HttpNfcLease "$first" state)" error "an aborted lease is in error"
call HttpNfcLeaseAbort HttpNfcLease "$first"
is "$(fault)" InvalidState "and is not aborted twice"
logged lease-abort
ok $? "the log has it"
is "$(get -o /dev/null -w '%{http_code}' "$disk")" 404 "its URLs are void"

export_vm "$vm"
lease_until "$lease" ready
call HttpNfcLeaseComplete HttpNfcLease "$lease"
is "$(property HttpNfcLease "$lease" state)" 'done' "a completed one is done"

# ---- Snapshots, tasks, guests -------------------------------------------

snapshot()
{
    call CreateSnapshot_Task VirtualMachine "$on" \
        "<name>s</name><memory>false</memory><quiesce>$1</quiesce>"
    task=$(value //returnval)
}
snapshot true
property Task "$task" info >/dev/null
is "$(value //state)" error "a quiesced snapshot fails where it is told to"
snapshot false
snap=$(property Task "$task" info.result)
call ExportSnapshot VirtualMachineSnapshot "$snap"
lease=$(value //returnval)
lease_until "$lease" ready
ok $? "ExportSnapshot while the VM is on"
call HttpNfcLeaseComplete HttpNfcLease "$lease"
call RemoveSnapshot_Task VirtualMachineSnapshot "$snap" '<removeChildren>false</removeChildren>'
logged "snapshot-create .*id=$snap" && logged "snapshot-remove id=$snap"
ok $? "made and removed, by the log"
call ShutdownGuest VirtualMachine "$on"
tries=0
until [ "$(property VirtualMachine "$on" runtime.powerState)" = poweredOff ] ||
    [ $tries -gt 600 ]; do
    tries=$((tries + 1))
    sleep 0.05
done
is "$(property VirtualMachine "$on" runtime.powerState)" poweredOff "a guest shuts down"

# ---- The datastore ------------------------------------------------------

flat="$origin/folder/web_01%20%C3%A9/web_01%20%C3%A9-flat.vmdk?dcPath=DC0&dsName=LocalDS_0"
get -o got.raw "$flat"
is "$(sum got.raw)" "$(sum disk.raw)" "the flat disk from the datastore"
is "$(get -o part -w '%{http_code}' -r 1000-1999 "$flat") $(stat -c %s part)" "206 1000" "by ranges"
is "$(curl -sS --cacert "$PEER_CA" -o /dev/null -w '%{http_code}' "$flat")" 401 \
    "not without a session"

# ---- Orders -------------------------------------------------------------

peer_order 'fault CurrentTime:1:NoPermission'
call CurrentTime ServiceInstance ServiceInstance
is "$(fault)" NoPermission "a fault on order"
call CurrentTime ServiceInstance ServiceInstance
is "$status" 200 "once"
peer_order expire
call CurrentTime ServiceInstance ServiceInstance
is "$(fault)" NotAuthenticated "the session ends on order"
login
call Logout SessionManager SessionManager
logged logout
ok $? "logged out, by the log"
call CurrentTime ServiceInstance ServiceInstance
is "$(fault)" NotAuthenticated "and out it is"
peer_stop
[ -z "$(ls -d "$tap_dir"/h2k-peer-* 2>/dev/null)" ]
ok $? "its folders are removed at the end"

# ---- What ends in its own time ------------------------------------------

peer_start -vmdk disk.vmdk -lease-timeout 1
url=$PEER_URL
login
export_vm "$(find_vm /DC0/vm/DC0_H0_VM0)"
lease_until "$lease" error && logged 'lease state=ready'
ok $? "without progress a lease times out"
call HttpNfcLeaseProgress HttpNfcLease "$lease" '<percent>1</percent>'
is "$(fault)" Timedout "and says so"
peer_stop

peer_start -idle 1s
url=$PEER_URL
login
sleep 1.5
call CurrentTime ServiceInstance ServiceInstance
is "$(fault)" NotAuthenticated "an idle session ends"
logged 'session-expired .*why=idle'
ok $? "the log says why"
peer_stop

# ---- Paging, an ESXi, and other flags -----------------------------------

peer_start -vm 200 -page 120 -expire-after 6 -hostile entity-bomb:CurrentTime
url=$PEER_URL
login
call CreateContainerView ViewManager ViewManager \
    '<container type="Folder">group-d1</container><type>VirtualMachine</type><recursive>true</recursive>'
view=$(value //returnval)
names()
{
    call RetrievePropertiesEx PropertyCollector propertyCollector \
        "<specSet><propSet><type>VirtualMachine</type><pathSet>name</pathSet></propSet><objectSet><obj type=\"ContainerView\">$view</obj><skip>true</skip><selectSet xsi:type=\"TraversalSpec\"><type>ContainerView</type><path>view</path><skip>false</skip></selectSet></objectSet></specSet><options>${1-}</options>"
}
objects() { xmllint --xpath 'count(//*[local-name()="objects"])' answer; }
names '<maxObjects>10</maxObjects>'
is "$(objects)" 10 "maxObjects"
names
token=$(value //token)
is "$(objects) ${token:+token}" "120 token" "the server's own page"
call ContinueRetrievePropertiesEx PropertyCollector propertyCollector "<token>$token</token>"
is "$(objects) $(value //token)" "80 " "the rest, and no more"
call ContinueRetrievePropertiesEx PropertyCollector propertyCollector "<token>$token</token>"
is "$(fault)" InvalidProperty "a token is good once"
call CurrentTime ServiceInstance ServiceInstance
grep -q '<!ENTITY' answer
ok $? "a hostile reply"
call CurrentTime ServiceInstance ServiceInstance
is "$(fault)" NotAuthenticated "the session ends after so many requests"
peer_stop

peer_start -esx -vmdk disk.vmdk -star-host -lease-dies-after 1000000 \
    -task-error PowerOnVM_Task:InsufficientResourcesFault
url=$PEER_URL
touch jar
call RetrieveServiceContent ServiceInstance ServiceInstance
is "$(value //about/apiType)" HostAgent "an ESXi"
call Login SessionManager ha-sessionmgr "<userName>root</userName><password>Pass&amp;word \"1\"</password>"
call FindByInventoryPath SearchIndex ha-searchindex \
    "<inventoryPath>/ha-datacenter/vm/ha-host_VM0</inventoryPath>"
vm=$(value //returnval)
collector=ha-property-collector
export_vm "$vm"
lease_until "$lease" ready
property HttpNfcLease "$lease" info >/dev/null
disk=$(value //deviceUrl[1]/url)
is "${disk%%/nfc/*}" 'https://*' "a host of '*'"
! get -o got.vmdk "${PEER_URL%/sdk}/nfc/${disk#*/nfc/}" && lease_until "$lease" error
ok $? "the lease dies in the middle, and the download is cut"
call PowerOnVM_Task VirtualMachine "$vm"
property Task "$(value //returnval)" info >/dev/null
is "$(value //state)" error "a task ends in an error that was asked for"
peer_stop
collector=propertyCollector

peer_start -plain
url=$PEER_URL
rm -f jar && touch jar
action='' && login && unset action
is "$status" 200 "plain: as lenient as the simulator"
vm=$(find_vm /DC0/vm/DC0_H0_VM0)
export_vm "$vm"
is "$(fault)" MethodNotFound "plain: no ExportVm"
"$peer_bin/peer" -plain -page 3 2>/dev/null
is $? 1 "plain: refuses our flags"
peer_stop

# ---- The proxy ----------------------------------------------------------

peer_start -vms vms.json
login_at() { url=$1 && rm -f jar && login; }
file="folder/web_01%20%C3%A9/web_01%20%C3%A9-flat.vmdk?dcPath=DC0&dsName=LocalDS_0"
size=$(stat -c %s disk.raw)

# through RULE [CURL OPTION...]: fetches the file by a proxy with that rule;
# $code is curl's status, $status HTTP's.
through()
{
    rule=$1
    shift
    proxy_start -rule "$rule"
    login_at "$PROXY_URL"
    rm -f got
    status=$(get -o got -D headers -w '%{http_code}' "$@" "${PROXY_URL%/sdk}/$file")
    code=$?
}
again()
{
    get -o got "${PROXY_URL%/sdk}/$file"
    is "$(sum got)" "$(sum disk.raw)" "$1: then right again"
}
got_size() { stat -c %s got 2>/dev/null; }

through '/folder/:reset:1000000:1'
is "$code $(got_size)" "56 1000000" "reset after N bytes"
again reset
grep -q '^hit rule=/folder/:reset' "$PROXY_LOG"
ok $? "the proxy's log has the hit"
through '/folder/:close:1000000:1'
is "$code $(got_size)" "18 1000000" "close after N bytes"
through '/folder/:stall:1000000:1' --speed-time 5 --speed-limit 1
is "$code $(got_size)" "28 1000000" "stall after N bytes"
again stall
through '/folder/:truncate:1000000:1'
is "$code $(got_size)" "18 1000000" "truncation, Content-Length says all"
through '/folder/:short:1000000:1'
is "$code $(got_size)" "0 1000000" "truncation, Content-Length says so"
through '/folder/:short-chunked:1000000:1'
is "$code $(got_size)" "0 1000000" "truncation in chunks"
grep -qi '^transfer-encoding: chunked' headers
ok $? "in chunks indeed"
through '/folder/:long:10:1'
is "$code $(got_size)" "18 $size" "a Content-Length too long"
through '/folder/:extra:10:1'
is "$code $(got_size)" "0 $((size + 10))" "rubbish after the body"
through '/folder/:flip:5000:1'
is "$code $(cmp -l got disk.raw | wc -l)" "0 1" "one byte changed"
through '/folder/:status:418:1'
is "$status" 418 "an HTTP status"
through '/folder/:503:7:1'
is "$status $(tr -d '\r' <headers | sed -n 's/^Retry-After: //p')" "503 7" "503 with Retry-After"
again 503
through '/folder/:401:1000000:1'
is "$code" 18 "cut in the middle"
is "$(get -o /dev/null -w '%{http_code}' "${PROXY_URL%/sdk}/$file")" 401 "and 401 next"
again 401
through '/folder/:slow:2000:1' --max-time 5
[ "$code" -eq 28 ] && [ "$(got_size || echo 0)" -lt 100000 ]
ok $? "slow bytes"
through '/folder/:late:100:1'
is "$code $(got_size)" "0 $size" "late"
through '/folder/:no-range:0:1' -r 0-99
is "$status" 200 "ranges ignored"
through '/folder/:redirect:0:1'
is "$status" 302 "a redirect"
through '#CurrentTime$:soap-fault:0:1'
call CurrentTime ServiceInstance ServiceInstance
is "$status $(fault)" "500 SystemError" "a SOAP fault for one method"
call CurrentTime ServiceInstance ServiceInstance
is "$status" 200 "once"

# The lease's URLs lead through the proxy as well.
export_vm "$(find_vm "/DC0/vm/prod/linux/web%2f01 é")"
lease_until "$lease" ready
property HttpNfcLease "$lease" info >/dev/null
disk=$(value //deviceUrl[1]/url)
is "${disk%%/nfc/*}" "${PROXY_URL%/sdk}" "the lease's URLs are the proxy's"

# tls RULE CURL-STATUS NAME: the first handshake fails, the next is right.
tls()
{
    proxy_start -rule ".:$1:0:1"
    curl -sS -o /dev/null --cacert "$PEER_CA" --max-time 60 "$PROXY_URL" 2>curl.err
    is $? "$2" "$3"
    curl -sS -o /dev/null --cacert "$PEER_CA" --max-time 60 "$PROXY_URL" 2>curl.err
    ok $? "$3: then right again"
}
tls tls-expired 60 "an expired certificate"
tls tls-wrong-name 60 "a certificate for another name"
tls tls-selfsigned 60 "a self-signed certificate"
tls tls-1.0 35 "TLS 1.0 only"
tls tls-cut 35 "a handshake that is cut"

tap_done
