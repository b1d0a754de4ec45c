#!/bin/sh
# SPDX-License-Identifier: LGPL-3.0-or-later
# Envelopes and descriptors as we write them, read by xmllint, virt-v2v and
# qemu-img.  virt-v2v's --print-source needs no appliance.
set -u
. "$H2K_SOURCE/tests/tap.sh"
need xmllint virt-v2v qemu-img cmp
tool=$H2K_BUILD/tests/oracle/ovf-tool
grammar=$H2K_SOURCE/tests/oracle/ovf/envelope.rng
cd "$tap_dir" || exit 1
LIBGUESTFS_BACKEND=direct
export LIBGUESTFS_BACKEND

truncate -s 64M raw
qemu-img convert -f raw -O vmdk -o subformat=streamOptimized raw disk.vmdk

# v2v OVA-OR-FOLDER: what it understood, into the file v2v.
v2v()
{
    timeout 120 virt-v2v -i ova --print-source "$1" >v2v 2>&1
}

# said WORDS NAME
said()
{
    grep -qF -- "$1" v2v
    ok $? "$2"
    grep -qF -- "$1" v2v || sed 's/^/# /' v2v
}

# item OVF DISK ELEMENT: of the controller that the disk is on.
item()
{
    in='*[local-name()="VirtualHardwareSection"]/*[local-name()="Item"]'
    xmllint --xpath "string(//${in}[*[local-name()='InstanceID'] =
        //${in}[*[local-name()='HostResource'] = 'ovf:/disk/$2']
        /*[local-name()='Parent']]/*[local-name()='$3'])" "$1"
}

# ---- Names of all kinds ----

n=0
for name in plain 'a b' "it's" 'A & B <c>' 'x "y"' 'we/b' 'Büro Süd' '100%'; do
    n=$((n + 1))
    base=$("$tool" name "$name")
    mkdir "d$n"
    cp disk.vmdk "d$n/$base-disk1.vmdk"
    NETWORK="net of $name" NOTES="about $name" \
        "$tool" ovf "$name" "d$n/$base-disk1.vmdk" >"d$n/$base.ovf"
    xmllint --noout --relaxng "$grammar" "d$n/$base.ovf" 2>errors
    ok $? "$name: has the structure of an envelope" || cat errors
    is "$(xmllint --xpath 'string(//*[local-name()="Name"])' "d$n/$base.ovf")" \
        "$name" "$name: xmllint reads the name"
    v2v "$PWD/d$n"
    said "source name: $name" "$name: virt-v2v reads the name"
    said "Bridge \"net of $name\" mac: 00:50:56:aa:bb:00 [vmxnet3]" \
        "$name: and the network"
done

# ---- Machines of all kinds ----

mkdir m
for i in 1 2 3; do cp disk.vmdk "m/m-disk$i.vmdk"; done
for bus in scsi ide sata nvme; do
    BUS=$bus "$tool" ovf m m/m-disk1.vmdk m/m-disk2.vmdk m/m-disk3.vmdk >m/m.ovf
    xmllint --noout --relaxng "$grammar" m/m.ovf 2>errors
    ok $? "$bus: has the structure of an envelope" || cat errors
    # The third disk is the first on the second controller.
    is "$(item m/m.ovf vmdisk1 Address) $(item m/m.ovf vmdisk2 Address) $(item m/m.ovf vmdisk3 Address)" \
        "0 0 1" "$bus: each disk is on its controller"
    is "$(item m/m.ovf vmdisk3 ResourceType)" \
        "$(case $bus in scsi) echo 6 ;; ide) echo 5 ;; *) echo 20 ;; esac)" \
        "$bus: which is of its kind"
    v2v "$PWD/m"
    is "$(sed -n '/^disks:/,/^removable/p' v2v | grep -c '^	')" 3 \
        "$bus: virt-v2v finds all disks"
    # It has no name for NVMe there.
    [ "$bus" = nvme ] || said "0 [$bus]" "$bus: and their bus"
done
said "memory: $((3800 * 1048576)) (bytes)" "memory to the MiB"
said "nr vCPUs: 6" "the number of CPUs"
said "sockets: 2 cores/socket: 3" "cores in a socket"
said "firmware: bios" "BIOS"
said 'Bridge "VM Network" mac: 00:50:56:aa:bb:01 [e1000e]' "a second adapter"
said 'Bridge "Production" mac: 00:50:56:aa:bb:02 [e1000]' "a third"
FIRMWARE=efi SECURE_BOOT=1 "$tool" ovf m m/m-disk1.vmdk >m/m.ovf
v2v "$PWD/m"
said "firmware: uefi" "UEFI"
is "$(xmllint --xpath 'string(//*[@*[local-name()="key"]="bootOptions.efiSecureBootEnabled"]/@*[local-name()="value"])' m/m.ovf)" \
    true "secure boot"
is "$(xmllint --xpath 'count(//*[local-name()="InstanceID"][not(. = preceding::*[local-name()="InstanceID"])])' m/m.ovf)" \
    "$(xmllint --xpath 'count(//*[local-name()="InstanceID"])' m/m.ovf)" \
    "no two devices have one id"

# ---- A server's own descriptor ----

mkdir s
cp disk.vmdk s/s-disk1.vmdk
cp disk.vmdk s/s-disk2.vmdk
"$tool" rewrite "$H2K_SOURCE/tests/oracle/ovf/vcenter.ovf" \
    s/s-disk1.vmdk s/s-disk2.vmdk >s/s.ovf
ok $? "a server's descriptor is taken"
xmllint --noout --relaxng "$grammar" s/s.ovf 2>errors
ok $? "with the structure of an envelope" || cat errors
v2v "$PWD/s"
said "source name: web01" "virt-v2v reads it"
said "1 [scsi]" "with both disks"
said "firmware: uefi" "and its firmware"
is "$(xmllint --xpath 'sum(//@*[local-name()="size"])' s/s.ovf)" \
    $(($(stat -c %s disk.vmdk) * 2)) "the sizes are those of the files"

# ---- The descriptor of flat bytes ----

mkdir f
seq 1 1000000 | head -c 5M >'f/a b & c-flat.vmdk'
for bus in scsi ide buslogic; do
    "$tool" flat 'a b & c-flat.vmdk' $((5 * 1048576)) $bus >'f/a b & c.vmdk'
    is "$(qemu-img info --output=json 'f/a b & c.vmdk' |
        sed -n 's/.*"create-type": "\([a-zA-Z]*\)".*/\1/p')" monolithicFlat \
        "$bus: qemu-img knows the descriptor"
    qemu-img convert -f vmdk -O raw 'f/a b & c.vmdk' f/out &&
        cmp -s f/out 'f/a b & c-flat.vmdk'
    ok $? "$bus: and reads the disk's bytes"
done

# ---- The export's manifest ----

cp 'f/a b & c-flat.vmdk' m/m-disk4-flat.vmdk
NAME='we/b "01"' "$tool" manifest m m/m-disk1.vmdk m/m-disk4-flat.vmdk &&
    "$tool" verify m/artifact-manifest.json
ok $? "a manifest is written and verified"
"$H2K_BUILD/hyper2kvm" validate --strict m/artifact-manifest.json >out 2>&1
ok $? "hyper2kvm validates it, strictly" || sed 's/^/# /' out
printf x | dd of=m/m-disk4-flat.vmdk bs=1 seek=1000 conv=notrunc status=none
"$tool" verify m/artifact-manifest.json 2>err
is $? 4 "a changed disk is seen"

tap_done
