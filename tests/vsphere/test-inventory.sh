#!/bin/sh
# SPDX-License-Identifier: LGPL-3.0-or-later
# Listing VMs, finding the one that is meant, and all that is known of it.
. "$H2K_SOURCE/tests/tap.sh"
. "$H2K_SOURCE/tests/vsphere/lib.sh"
peer_need
. "$H2K_SOURCE/tests/vsphere/tool-lib.sh"

cat >vms.json <<'END'
{"vms": [
  {"name": "web-01", "folder": "prod/web", "cpus": 2, "memoryMB": 1536,
   "coresPerSocket": 2, "firmware": "efi", "secureBoot": true, "tpm": true,
   "version": "vmx-19", "guestId": "debian12_64Guest", "snapshot": "old",
   "annotation": "a <b> & c", "uuid": "564d0000-0000-0000-0000-000000000001",
   "tools": {"running": true, "guestId": "debian12_64Guest",
             "guestFullName": "Debian GNU/Linux 12", "hostName": "web"},
   "nics": [{"type": "vmxnet3", "mac": "00:50:56:AA:bb:01",
             "network": "DC0_DVPG0"},
            {"type": "e1000e", "mac": "00:50:56:aa:bb:02",
             "network": "VM Network", "disconnected": true}],
   "disks": [{"controller": "ide", "capacity": 1048576},
             {"controller": "sata", "capacity": 1048576, "thick": true},
             {"controller": "nvme", "capacity": 1048576},
             {"controller": "lsisas", "bus": 1, "capacity": 1048576},
             {"controller": "pvscsi", "unit": 1, "capacity": 2097152,
              "sharing": "sharingMultiWriter"},
             {"controller": "pvscsi", "unit": 0, "capacity": 4194304,
              "mode": "independent_persistent"}]},
  {"name": "web-02", "folder": "prod/web"},
  {"name": "runs", "folder": "prod", "power": "on"},
  {"name": "twin", "folder": "a"},
  {"name": "twin", "folder": "b"},
  {"name": "mould", "folder": "a", "template": true},
  {"name": "vm-1", "folder": "odd"},
  {"name": "a/b", "folder": "odd"}
]}
END
all='/DC0/vm/a/mould /DC0/vm/a/twin /DC0/vm/b/twin /DC0/vm/odd/a%2fb '
all="$all"'/DC0/vm/odd/vm-1 /DC0/vm/prod/runs '
all="$all"'/DC0/vm/prod/web/web-01 /DC0/vm/prod/web/web-02 '
peer_start -vms vms.json -vm 0

# ---- Listing ----

tool list
is "$rc $(sed 's/^[^ ]* //; s/ name=.*//' out | tr '\n' ' ')" "0 $all" \
    'all of them, by path'
is "$(grep -o 'name=a/b' out)" 'name=a/b' 'a name is decoded'
is "$(sed -n '/web-01/s/.*name/name/p' out)" \
    'name=web-01 off cpus=2 memory=1536 host=DC0_H0 guest=debian12_64Guest' \
    'what a row tells'
is "$(count method=DestroyView)" "$(count method=CreateContainerView)" \
    'views are taken away again'

tool list power=on
is "$(paths)" '/DC0/vm/prod/runs ' 'a filter by power'
tool list template=true
is "$(paths)" '/DC0/vm/a/mould ' 'by what is a template'
tool list 'guest=DEBIAN*'
is "$(paths)" '/DC0/vm/prod/web/web-01 ' 'by the guest, in any case'
tool list 'host=DC0_H?' power=off template=no 'name=t*'
is "$(paths)" '/DC0/vm/a/twin /DC0/vm/b/twin ' 'several filters'
tool list 'pattern=web-*'
is "$(paths)" '/DC0/vm/prod/web/web-01 /DC0/vm/prod/web/web-02 ' \
    'a pattern for names'
tool list 'pattern=/DC0/vm/prod/*' folder=/DC0/vm/prod/web
is "$(paths)" '/DC0/vm/prod/web/web-01 /DC0/vm/prod/web/web-02 ' \
    'a pattern for paths, in a folder'
tool -dDC0 list folder=a
is "$(paths)" '/DC0/vm/a/mould /DC0/vm/a/twin ' "a datacenter's folder"
tool list folder=pro
says 3 "no folder 'pro'" 'half a name of a folder is none'
tool list colour=red
says 2 "the filter 'colour=red' is not of" 'an unknown key'
tool list power=maybe
says 2 "the filter 'power=maybe'" 'an unknown value'
tool -dDC7 list
says 3 "no datacenter 'DC7'; there is /DC0" 'an unknown datacenter'

# ---- Finding ----

# finds TEXT PATH NAME
finds()
{
    tool find "$1"
    is "$rc $(sed 's/^[^ ]* //; s/ name=.*//' out)" "0 $2" "$3"
}
finds web-01 /DC0/vm/prod/web/web-01 'by name'
id=$(cut -d' ' -f1 out)
finds "$id" /DC0/vm/prod/web/web-01 'by id'
finds /DC0/vm/prod/web/web-01 /DC0/vm/prod/web/web-01 'by path'
finds DC0/vm/a/twin /DC0/vm/a/twin 'by path without the first slash'
finds b/twin /DC0/vm/b/twin 'by path in the datacenter'
finds 'a/b' '/DC0/vm/odd/a%2fb' 'by a name with a slash'
finds 'a%2fb' '/DC0/vm/odd/a%2fb' 'by the name as it is stored'
finds 'w?b-01' /DC0/vm/prod/web/web-01 'by a pattern'
finds vm-1 /DC0/vm/odd/vm-1 'by a name that looks like an id'
tool find twin
says 2 "'twin' means 2 VMs; give the path or the id of one: /DC0/vm/a/twin (" \
    'two of one name'
says 2 '/DC0/vm/b/twin (' 'the other one'
tool find '*'
says 2 "'*' means 8 VMs" 'a pattern for several'
tool find wbe-01
says 3 "no VM 'wbe-01'; is it /DC0/vm/prod/web/web-01 or " 'near matches'
tool find /DC0/vm/prod/WEB-01
says 3 "is it /DC0/vm/prod/web/web-01" 'near matches of a path'
tool find zebra
says 3 "no VM 'zebra'" 'nothing is near'
grep -q 'is it' err
is $? 1 'and nothing is claimed'
tool find /DC0/vm/prod
says 3 "no VM '/DC0/vm/prod'" 'a folder is no VM'
tool find ''
says 2 'which VM?' 'nothing'

# ---- Facts ----

tool facts "$id"
grep -v -e '^change_version 20' -e ' committed ' out >got
cat >expected <<END
id $id
name web-01
path /DC0/vm/prod/web/web-01
uuid 564d0000-0000-0000-0000-000000000001
datacenter DC0
host DC0_H0
annotation a <b> & c
hardware_version vmx-19
guest_id debian12_64Guest
guest_full_name debian12_64Guest
tools_guest_id debian12_64Guest
tools_guest_name Debian GNU/Linux 12
tools_hostname web
power off
firmware uefi
flags secure-boot tpm tools-running snapshots
disk scsi0:0 VirtualSCSI capacity=4194304 thin independent
disk scsi0:1 VirtualSCSI capacity=2097152 thin shared
disk scsi1:0 lsilogicsas capacity=1048576 thin
disk sata0:0 AHCI capacity=1048576
disk nvme0:0 vmware.nvme.controller capacity=1048576 thin
disk ide0:0 PIIX4 capacity=1048576 thin
nic Network adapter 1 VmxNet3 00:50:56:aa:bb:01 DC0_DVPG0 connected
nic Network adapter 2 E1000e 00:50:56:aa:bb:02 VM Network
END
sed -i -E 's/^(disk|nic) -?[0-9]+ /\1 /; s/ \[LocalDS_0\].*//; s/^disk Hard disk [0-9] /disk /' got
diff expected got >difference
ok $? 'all facts'
sed 's/^/# /' difference
grep -qx 'cpus 2/2 memory 1536 committed [0-9]*' out
ok $? 'its size'
tool facts vm-99999
says 3 'VM vm-99999: ' 'of a VM that is not there'

tool url Folder/DC0 '[Store #1] a b/c&d.vmdk'
is "$(cat out)" \
    "${PEER_URL%/sdk}/folder/a%20b/c%26d.vmdk?dcPath=Folder%2FDC0&dsName=Store%20%231" \
    'the URL of a file'
tool url DC0 '[x] ../../etc/passwd'
says 3 '[x] ../../etc/passwd: a path that is not one of' 'a path that climbs'

# ---- Custom attributes ----

# soap METHOD TYPE ID ARGUMENTS: by hand, with the session of the jar.
soap()
{
    curl -sS --cacert "$PEER_CA" -b jar -c jar -H 'SOAPAction: "urn:vim25/6.5"' \
        -H 'Content-Type: text/xml; charset=utf-8' --data-binary @- \
        "$PEER_URL" <<END
<Envelope xmlns="http://schemas.xmlsoap.org/soap/envelope/"><Body>
<$1 xmlns="urn:vim25"><_this type="$2">$3</_this>$4</$1></Body></Envelope>
END
}
soap Login SessionManager SessionManager '<userName>root</userName
><password>Pass&amp;word "1"</password>' >reply
key=$(soap AddCustomFieldDef CustomFieldsManager CustomFieldsManager \
    '<name>tier</name><moType>VirtualMachine</moType>' |
    sed -n 's/.*<key>\([0-9]*\)<.*/\1/p')
soap SetField CustomFieldsManager CustomFieldsManager "<entity
 type=\"VirtualMachine\">$id</entity><key>$key</key><value>gold &lt;1></value>" >reply
tool list tag=tier:gold*
is "$(paths)" '/DC0/vm/prod/web/web-01 ' 'a filter by a custom attribute'
tool facts "$id"
is "$(grep ^tag out)" 'tag tier:gold <1>' 'it is told as a tag'
peer_stop

# ---- Other servers ----

peer_start -vms vms.json -vm 0 -page 3
tool list
is "$rc $(sed 's/^[^ ]* //; s/ name=.*//' out | tr '\n' ' ')" "0 $all" \
    'in pages of three'
[ "$(count method=ContinueRetrievePropertiesEx)" -gt 3 ]
ok $? 'which were asked for one by one'
peer_stop

peer_start -vms vms.json -vm 0 -page 2 -expire-after 8
tool list
is "$rc $(sed 's/^[^ ]* //; s/ name=.*//' out | tr '\n' ' ')" "0 $all" \
    'with a session that ends between two pages'
is "$(count session-expired) $(count '^login ')" '1 2' 'it did end'
peer_stop

peer_start -vms vms.json -vm 0 -plain
tool list
is "$rc $(sed 's/^[^ ]* //; s/ name=.*//' out | tr '\n' ' ')" "0 $all" \
    'the simulator as it is'
tool facts "$(sed -n 's/ .*web-01 .*//p' out)"
is "$rc $(grep -c ^disk out)" '0 6' 'and its facts'
peer_stop

peer_start -esx
tool about
grep -q 'ESXi' out && ! grep -q '(vCenter)' out
ok $? 'a single host'
tool list
is "$rc $(paths)" '0 /ha-datacenter/vm/ha-host_VM0 /ha-datacenter/vm/ha-host_VM1 ' \
    'and its VMs'
tool facts "$(sed -n '1s/ .*//p' out)"
is "$rc $(grep ^datacenter out)" '0 datacenter ha-datacenter' 'and their facts'
tap_done
