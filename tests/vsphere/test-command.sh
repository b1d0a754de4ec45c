#!/bin/bash
# SPDX-License-Identifier: LGPL-3.0-or-later
# hyperexport as users call it, against the peer.
# shellcheck source=../tap.sh disable=SC2154
. "$H2K_SOURCE/tests/tap.sh"
# shellcheck source=lib.sh
. "$H2K_SOURCE/tests/vsphere/lib.sh"
need jq qemu-img script sha256sum
peer_need
cd "$tap_dir" || exit 1
export HOME=$tap_dir/home LC_ALL=C.UTF-8
mkdir "$HOME" got
unset "${!GOVC_@}"
export SOURCE_DATE_EPOCH=1700000000 # two conversions are alike

dd if=/dev/urandom of=data bs=1M count=3 status=none
truncate -s 32M data
qemu-img convert -O vmdk -o subformat=streamOptimized data data.vmdk
"$H2K_SOURCE/tests/tiny-guest.sh" guest
qemu-img convert -O vmdk -o subformat=streamOptimized guest guest.vmdk
cat >vms.json <<'END'
{ "vms": [
  { "name": "web-01", "folder": "prod/web", "cpus": 2, "memoryMB": 1536,
    "guestId": "debian12_64Guest", "firmware": "efi", "annotation": "a\u001b[31mred",
    "nics": [ { "type": "vmxnet3", "mac": "00:50:56:aa:bb:01", "network": "DC0_DVPG0" } ],
    "disks": [ { "controller": "pvscsi", "vmdk": "data.vmdk" },
               { "controller": "pvscsi", "unit": 1, "vmdk": "data.vmdk" } ] },
  { "name": "web-02", "folder": "prod/web", "disks": [ { "vmdk": "data.vmdk" } ] },
  { "name": "runs", "folder": "prod", "power": "on", "disks": [ { "vmdk": "data.vmdk" } ] },
  { "name": "twin", "folder": "a", "disks": [ { "vmdk": "data.vmdk" } ] },
  { "name": "twin", "folder": "b", "disks": [ { "vmdk": "data.vmdk" } ] },
  { "name": "guest", "folder": "c", "disks": [ { "vmdk": "guest.vmdk" } ] },
  { "name": "a/b", "folder": "odd", "disks": [ { "vmdk": "data.vmdk" } ] }
] }
END
peer_start -vm 0 -vms vms.json
export GOVC_URL=$PEER_URL GOVC_USERNAME=$PEER_USER GOVC_TLS_CA_CERTS=$PEER_CA

# hx ARGUMENT...: with the right password; status, out and err are kept.
hx()
{
    timeout 120 setsid "$H2K_BUILD/hyperexport" \
        --password-file "$PEER_PASSWORD_FILE" "$@" >got/out 2>got/err </dev/null
    status=$?
}

# result STATUS NAME
result()
{
    is "$status" "$1" "$2"
    [ "$status" = "$1" ] || sed 's/^/# /' got/out got/err
}

# says TEXT NAME: on standard error.
says()
{
    grep -qF -- "$1" got/err
    ok $? "$2"
    grep -qF -- "$1" got/err || sed 's/^/# /' got/err
}

# ---- Looking around ----

hx --list
result 0 '--list'
is "$(awk 'NR > 1 { print $1 }' got/out | tr '\n' ' ')" \
    'twin twin guest a/b runs web-01 web-02 ' 'every VM, by its path'
hx --list --json --vm 'web-*'
is "$(jq -c 'map([.name, .power, .memory_mib])' got/out)" \
    '[["web-01","off",1536],["web-02","off",32]]' 'a pattern, as JSON'
hx --list --json --folder /DC0/vm/prod --filter power=on
is "$(jq -c 'map(.path)' got/out)" '["/DC0/vm/prod/runs"]' 'a folder and a filter'
hx --list --filter colour=red
result 2 'a filter that there is not'
hx --vm-info --vm web-01
result 0 '--vm-info'
grep -q '^Firmware *uefi' got/out && grep -q '00:50:56:aa:bb:01 .*VmxNet3' got/out &&
    ! grep -q "$(printf '\033')" got/out
ok $? 'its hardware and its adapters, and notes that cannot command a terminal'
hx --vm-info --json --vm web-01
is "$(jq -c '[.name, .cpus, (.disks | length), .nics[0].mac]' got/out)" \
    '["web-01",2,2,"00:50:56:aa:bb:01"]' 'as JSON'

# ---- Logging in ----

printf 'not-this\n' >wrong
chmod 600 wrong
"$H2K_BUILD/hyperexport" --list --password-file wrong >got/out 2>got/err
status=$?
result 2 'a wrong password'
says "'$PEER_USER'" 'whose it was'
! grep -q not-this got/err
ok $? 'and not what it was'
GOVC_PASSWORD=$PEER_PASSWORD "$H2K_BUILD/hyperexport" --list >got/out 2>got/err
status=$?
result 0 'the password of the environment'
PW=$PEER_PASSWORD "$H2K_BUILD/hyperexport" --list \
    --password-command 'printf "%s\n" "$PW"' >got/out 2>got/err
status=$?
result 0 'the password of a command'

unset GOVC_TLS_CA_CERTS
hx --list
[ "$status" -ne 0 ]
ok $? 'a certificate that is not trusted'
print=$(grep -oE -- '--thumbprint [0-9A-F:]{95}' got/err)
[ -n "$print" ]
ok $? 'its thumbprint is shown'
# shellcheck disable=SC2086
hx --list $print
result 0 'and accepted'
hx --list --insecure
result 0 '--insecure'
says 'warning: ' 'warns'
export GOVC_TLS_CA_CERTS=$PEER_CA

# Typed on a terminal: shown to nobody.
mkfifo typed
timeout 60 script -qefc "'$H2K_BUILD/hyperexport' --list" screen <typed >/dev/null &
script=$!
exec 3>typed
until grep -q 'Password for' screen 2>/dev/null || ! kill -0 $script 2>/dev/null; do
    sleep 0.05
done
printf '%s\n' "$PEER_PASSWORD" >&3
wait $script
status=$?
exec 3>&-
result 0 'a password that is typed'
grep -q 'web-01' screen && ! grep -qF 'Pass&word' screen
ok $? 'is not shown'

# ---- Which VM ----

hx --vm web-1
result 3 'a VM that there is not'
says 'web-01' 'those that are near'
hx --vm twin
result 2 'two VMs of one name'
grep -qF /DC0/vm/a/twin got/err && grep -qF /DC0/vm/b/twin got/err
ok $? 'both paths are told'
hx --vm runs
result 2 'a VM that runs'
grep -q -- --power-off got/err && grep -q -- --snapshot got/err
ok $? 'both ways out are told'
hx --vm web-01 --dry-run
result 0 '--dry-run'
grep -q 'would take */DC0/vm/prod/web/web-01' got/out && [ ! -e export-web-01 ]
ok $? 'tells, and writes nothing'
hx --vm web-01 --validate-only --json
result 0 '--validate-only'
is "$(jq -r '.vm.name' got/out)" web-01 'as JSON'

# ---- Exporting ----

hx --vm /DC0/vm/prod/web/web-01 --output out --manifest --verify-manifest --verify
result 0 'an export'
is "$(ls out | tr '\n' ' ')" \
    'artifact-manifest.json web-01-disk1.vmdk web-01-disk2.vmdk web-01.mf web-01.ovf ' \
    'its files'
sed -n 's/^SHA256(\(.*\))= *\([0-9a-f]*\)$/\2  \1/p' out/web-01.mf >sums
(cd out && sha256sum --quiet -c ../sums) >sums.out 2>&1
ok $? 'their checksums'
is "$(wc -l <sums)" 3 'of all three'
qemu-img compare -q out/web-01-disk2.vmdk data
ok $? 'the disk is the one that was there'
"$H2K_BUILD/hyper2kvm" validate --strict out/artifact-manifest.json >got/out 2>&1
ok $? 'hyper2kvm accepts the manifest'
grep -q 'export web-01-disk1: 100 %' got/err
ok $? 'how far it was'
hx --vm web-01 --output out
result 6 'an export that is there'
says --force 'is not replaced'
hx --vm web-01 --output out --force --json --json-progress
result 0 '--force'
jq -e '.pipeline.stages.export.result | .disks | length == 2' got/out >/dev/null
ok $? '--json tells what was done'
jq -es 'all(.stage == "export" or .message) and length > 2' got/err >/dev/null
ok $? '--json-progress gives an object a line'
hx --vm a/b
[ "$status" -eq 0 ] && [ -e export-a_b/a_b.ovf ]
ok $? 'a slash in a name is none in a path'
hx --vm web-02 --format ova --output ova -q
result 0 '--format ova'
is "$(ls ova; cat got/out got/err)" web-02.ova 'one file, and quiet'

# ---- Many ----

printf '# all\nweb-01\nnobody # is not there\n\n/DC0/vm/a/twin\n/DC0/vm/b/twin\nweb-01\n' >batch
hx --batch batch --output many
result 3 'a batch of which one fails: its exit code'
is "$(find many -name '*.ovf' | sort | sed 's/-vm-[0-9]*/-ID/' | tr '\n' ' ')" \
    'many/twin-ID/twin.ovf many/twin/twin.ovf many/web-01/web-01.ovf ' \
    'the others are exported, each into its directory'
grep -qE '^nobody +failed' got/out && grep -q '^3 of 4 done, 1 failed' got/out
ok $? 'a table of how it went'
says 'exported once' 'a VM that is named twice'
hx --folder /DC0/vm/prod/web --filter power=off --output folder --json
is "$status $(ls folder | tr '\n' ' ')$(jq length got/out)" '0 web-01 web-02 2' \
    'all of a folder'

# ---- Converting ----

hx --vm guest --convert --output both --manifest
result 0 '--convert'
is "$(ls both | tr '\n' ' ')" \
    'artifact-manifest.json guest-disk1.qcow2 guest-disk1.vmdk guest.mf guest.ovf report.json ' \
    'makes a qcow2 beside the VMDK'
is "$(jq -c '.pipeline.stages | keys_unsorted' both/report.json)" \
    '["export","load_manifest","inspect","fix","convert","validate"]' \
    'one report has all stages'
is "$(jq -r '.artifacts[0].path' both/report.json)" "$PWD/both/guest-disk1.qcow2" \
    'and the disk'
grep -q '^found *Debian' got/out && grep -q '^written .*guest-disk1.qcow2' got/out
ok $? 'one summary'
hx --vm guest --convert-only --output only --compress --json
result 0 '--convert-only'
is "$(ls only | tr '\n' ' ')" 'guest-disk1.qcow2 report.json ' 'keeps no VMDK'
jq -S 'del(.timestamp, .pipeline)' got/out >a.json
jq -S 'del(.timestamp, .pipeline)' only/report.json | cmp -s - a.json
ok $? '--json is the report'
qemu-img compare -q only/guest-disk1.qcow2 both/guest-disk1.qcow2
ok $? 'the same disk'
hx --vm guest --convert-only --output only
result 6 'a converted disk that is there'
hx --vm guest --convert-only --output vdi --manifest-target vdi
result 2 'a format that is not written'

# ---- Secrets ----

GOVC_PASSWORD=$PEER_PASSWORD "$H2K_BUILD/hyperexport" --vm web-01 \
    --output slow --bandwidth-limit 1 --log-file log -vv >got/out 2>got/err &
pid=$!
until [ -n "$(find slow -name '*partial' -size +64k 2>/dev/null)" ] ||
    ! kill -0 $pid 2>/dev/null; do
    sleep 0.05
done
tr '\0' '\n' <"/proc/$pid/cmdline" >cmdline
tr '\0' '\n' <"/proc/$pid/environ" >environ
grep -q -- --bandwidth-limit cmdline
ok $? 'while it runs'
! grep -qF 'Pass&word' cmdline && ! grep -qF 'Pass&word' environ
ok $? 'no password is in its command line, nor any more in its environment'

# ---- Interrupted ----

kill -TERM "$pid" # a shell's background process ignores SIGINT
wait $pid
status=$?
result 130 'interrupted'
is "$(find slow -type f 2>/dev/null)" '' 'nothing is left'
grep -q '^lease-abort ' "$PEER_LOG"
ok $? 'the lease is aborted'
! grep -qF 'Pass&word' got/out got/err log
ok $? 'and no password is in a log'
tap_done
