#!/bin/bash
# SPDX-License-Identifier: LGPL-3.0-or-later
# OVAs and OVFs as sources, through the whole command: what our own writer,
# GNU tar and bsdtar packed gives what the plain VMDK gives, and virt-v2v
# reads the same machine out of the same file.
# shellcheck source=../tap.sh
. "$H2K_SOURCE/tests/tap.sh"
# shellcheck source=../should-fail/lib.sh
. "$H2K_SOURCE/tests/should-fail/lib.sh"
need qemu-img tar bsdtar jq sha1sum sfdisk mke2fs debugfs mkswap cpio
tool=$H2K_BUILD/tests/oracle/ovf-tool
cd "$tap_dir" || exit 1

guest guest.raw
truncate -s 20M data.raw && seq 100000 | dd of=data.raw conv=notrunc status=none
for i in guest data; do
    qemu-img convert -O vmdk -o subformat=streamOptimized $i.raw $i.vmdk
done
cp guest.vmdk web-disk1.vmdk && cp data.vmdk web-disk2.vmdk

# changes REPORT: what was done, without what depends on the day, and on the
# machine's NICs: the VMDK has none, the OVA three.
changes()
{
    jq -S '[.changes[] | select(.what != "the name of the card ens192")
        | del(.before, .after)]' "$1" |
        sed -E 's/[0-9]{8}-[0-9]{6}//'
}

hyper2kvm guest.vmdk --output-dir plain -q >/dev/null 2>&1
ok $? "the VMDK alone"
changes plain/report.json >plain.changes
[ "$(jq length plain.changes)" -gt 3 ]
ok $? "is changed"

# same NAME OUT: the first disk has the plain one's changes, the second is
# data.raw.
same()
{
    changes "$2/report.json" | cmp -s plain.changes -
    ok $? "$1: the changes of the plain VMDK"
    qemu-img compare -q -f raw -F qcow2 data.raw "$2/web-disk2.qcow2"
    ok $? "$1: the second disk, by its name, is the second disk"
    is "$(jq -c '[.pipeline.stages.validate.result.checks[]
        | select(.check == "checksum") | .passed]' "$2/report.json")" \
        "$3" "$1: the checksums that were verified"
}

# ---- Our own writer ----

"$tool" ova web.ova 'Web & co' web-disk1.vmdk web-disk2.vmdk
before=$(sha256sum web.ova)
hyper2kvm web.ova --output-dir ours -q >/dev/null 2>err
ok $? "our own OVA" || sed 's/^/# /' err
same ours ours '[true,true]'
is "$(jq -r .input.vm_name ours/report.json)" 'Web & co' "the VM's name"
is "$(jq -r '.warnings[].message' ours/report.json |
    grep -c 'which NIC has the name ens192 is not known')" 1 \
    "which of three NICs a name means is asked for"
is "$(jq -r .input.kind ours/report.json)" migration "is in the report"
is "$(sha256sum web.ova)" "$before" "the OVA is unchanged"
is "$(ls ours)" "report.json
web-disk2.qcow2
web.qcow2" "the outputs have the OVA's name"
hyper2kvm --ova web.ova --dry-run --output-dir dry -q >/dev/null 2>&1
ok $? "--dry-run"
is "$(ls dry)" report.json "writes nothing else"
hyper2kvm inspect web.ova >out 2>err
ok $? "inspect" || sed 's/^/# /' err
grep -q '^Host name  *tiny$' out && grep -q 'disk-1: vmdk streamOptimized' out
ok $? "shows the system, and both disks"

# ---- Others' archives of the same ----

mkdir u && tar -C u -xf web.ova
ovf_name=$(cd u && echo *.ovf)
mv "u/$ovf_name" u/web.ovf
sed -i "s/(.*\.ovf)/(web.ovf)/" u/*.mf && mv u/*.mf u/web.mf
pack() # NAME, then a command that writes ../NAME.ova in u/
{
    local name=$1
    shift
    (cd u && "$@") && mkdir "$name" && mv pack.ova "$name/web.ova"
    hyper2kvm "$name/web.ova" --output-dir "$name/out" -q >/dev/null 2>err
    ok $? "$name: is read" || sed 's/^/# /' err
    same "$name" "$name/out" '[true,true]'
}
pack gnu tar --format=gnu -cf ../pack.ova web.ovf web.mf web-disk1.vmdk web-disk2.vmdk
pack dot tar -cf ../pack.ova .
pack pax tar --format=pax -cf ../pack.ova web.ovf web.mf web-disk1.vmdk web-disk2.vmdk
pack bsdtar-pax bsdtar --format pax -cf ../pack.ova web.ovf web-disk2.vmdk web-disk1.vmdk web.mf
pack bsdtar-ustar bsdtar --format ustar -cf ../pack.ova web.ovf web.mf web-disk1.vmdk web-disk2.vmdk
pack v7 tar --format=v7 -cf ../pack.ova web.ovf web.mf web-disk1.vmdk web-disk2.vmdk
pack folder tar -C .. -cf ../pack.ova u

# Names beyond the header's 100 bytes.
long=$(printf 'n%.0s' $(seq 120))
mkdir long
sed "s/web-disk1.vmdk/$long.vmdk/" u/web.ovf >long/web.ovf
cp web-disk1.vmdk "long/$long.vmdk" && cp web-disk2.vmdk long/
for format in gnu pax; do
    tar -C long --format=$format -cf web.ova web.ovf "$long.vmdk" web-disk2.vmdk
    hyper2kvm web.ova --output-dir long-$format -q >/dev/null 2>err
    ok $? "a long name, $format" || sed 's/^/# /' err
    same "long name, $format" long-$format '[]'
done

# ---- An OVF beside its files ----

hyper2kvm u/web.ovf --output-dir files -q >/dev/null 2>err
ok $? "an OVF" || sed 's/^/# /' err
same files files '[true,true]'
(cd u && for f in web.ovf web-disk1.vmdk web-disk2.vmdk; do
    printf 'SHA1(%s)= %s\n' $f "$(sha1sum <$f | cut -d' ' -f1)"
done >web.mf)
hyper2kvm --ovf u/web.ovf --output-dir sha1 >out 2>err
ok $? "sums by SHA-1"
same sha1 sha1 '[true,true]'
grep -q "the source's SHA-1 is the manifest's" out &&
    grep -q 'warning.*SHA-1 of web-disk1' out
ok $? "which is said"
mv u/web-disk1.vmdk 'u/web disk1.vmdk'
sed -i 's/web-disk1.vmdk/web%20disk1.vmdk/' u/web.ovf && rm u/web.mf
hyper2kvm u/web.ovf --output-dir encoded -q >/dev/null 2>err
ok $? "an href with %20" || sed 's/^/# /' err
same encoded encoded '[]'

# ---- A migration manifest, and the other commands ----

"$tool" ova web.ova web web-disk1.vmdk web-disk2.vmdk
cat >migrate.json <<-'END'
	{ "version": "1.0", "source": { "type": "ova", "path": "web.ova" },
	  "output": { "directory": "by-manifest", "filename": "vm.qcow2" },
	  "pipeline": { "convert": { "enabled": true } } }
	END
hyper2kvm --manifest migrate.json -q >/dev/null 2>err
ok $? "a migration manifest" || sed 's/^/# /' err
is "$(ls by-manifest)" "report.json
vm-disk2.qcow2
vm.qcow2" "with a name for the outputs"
hyper2kvm validate migrate.json >out 2>err
ok $? "validate" || cat out err
block=$(tar -tRvf web.ova | sed -nE 's/^block ([0-9]+): .* web-disk2.vmdk$/\1/p')
printf X | dd of=web.ova bs=1 seek=$(((block + 1) * 512 + 70000)) \
    conv=notrunc status=none
hyper2kvm validate --strict migrate.json >out 2>err
is $? 1 "validate --strict sees a changed byte"
grep -q 'Checksum mismatch for disk-1: expected sha256:' err
ok $? "and names the disk"
"$tool" ova one.ova one web-disk2.vmdk
hyper2kvm convert one.ova one.qcow2 -q >/dev/null 2>err &&
    qemu-img compare -q -f raw -F qcow2 data.raw one.qcow2
ok $? "convert takes an OVA of one disk" || sed 's/^/# /' err

# ---- A flat disk, whose data is another member ----

mkdir flat && qemu-img convert -O vmdk -o subformat=monolithicFlat data.raw \
    flat/x-disk1.vmdk
FLAT=1 "$tool" ova flat.ova flat flat/x-disk1.vmdk
tar -C flat -rf flat.ova x-disk1-flat.vmdk
hyper2kvm convert flat.ova flat.qcow2 -q >/dev/null 2>err &&
    qemu-img compare -q -f raw -F qcow2 data.raw flat.qcow2
ok $? "a flat disk" || sed 's/^/# /' err

# ---- virt-v2v, of the same OVA ----

if command -v virt-v2v >/dev/null; then
    LIBGUESTFS_BACKEND=direct timeout 120 virt-v2v -i ova --print-source \
        "$PWD/one.ova" >v2v 2>&1
    hyper2kvm one.ova --dry-run --output-dir v2v-out -q --json >json 2>/dev/null
    grep -qF "source name: $(jq -r .input.vm_name v2v-out/report.json)" v2v
    ok $? "virt-v2v finds the same machine" || sed 's/^/# /' v2v
else
    ok "$([ -z "${H2K_REQUIRE_ORACLES:-}" ]; echo $?)" "virt-v2v # SKIP"
fi
tap_done
