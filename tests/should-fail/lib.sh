# SPDX-License-Identifier: LGPL-3.0-or-later
# What tests of broken input share: making the input, and judging a run.
# Source it after tap.sh.
# shellcheck shell=bash
PATH=$PATH:/usr/sbin:/sbin

# As users call it; without libguestfs, whose appliance would take its time to
# say in its own words what is wrong.
hyper2kvm()
{
    HYPER2KVM_LIBGUESTFS=/nonexistent/libguestfs.so.0 \
        "$H2K_BUILD/hyper2kvm" "$@"
}

# The tiny guest as FILE, a copy of the one that is made in the first call.
guest() # FILE [dos]
{
    local label=${2:-gpt}
    local made=$tap_dir/.tiny-$label.raw
    [ -e "$made" ] ||
        TINY_LABEL=$label "$H2K_SOURCE/tests/tiny-guest.sh" "$made" || exit 1
    cp --sparse=always "$made" "$1"
}

# A disk of 8 MiB as FILE, with a text in it: for messages that tell places.
disk() # FILE
{
    seq 200000 >"$1" && truncate -s 8M "$1"
}

# Where the tiny guest's filesystems are, in bytes (gpt, then dos).
# shellcheck disable=SC2034
BOOT_AT=$((2 << 20)) ROOT_AT=$((16 << 20)) DOS_ROOT_AT=$((17 << 20))

# debugfs on the filesystem at OFFSET of FILE: each COMMAND in turn.
edit_fs() # FILE OFFSET COMMAND...
{
    local file=$1 offset=$2
    shift 2
    printf '%s\n' "$@" | debugfs -w "$file?offset=$offset" >/dev/null 2>&1
}

# Write the bytes that HEX spells.
poke() # FILE OFFSET HEX
{
    # shellcheck disable=SC2059
    printf "$(sed 's/../\\x&/g' <<<"$3")" |
        dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}

# Give the GPT in FILE, and its backup, the checksums of what they hold now
# (UEFI 2.10, 5.3.2), so that it is judged for that.
gpt_seal() # FILE
{
    python3 - "$1" <<-'END'
	import struct, sys, zlib
	with open(sys.argv[1], "r+b") as f:
	    size = f.seek(0, 2)
	    for lba in 1, size // 512 - 1:
	        f.seek(lba * 512)
	        h = bytearray(f.read(512))
	        entries, count, each = struct.unpack_from("<QII", h, 72)
	        if count * each < 1 << 20:
	            f.seek(entries * 512)
	            crc = zlib.crc32(f.read(count * each))
	            struct.pack_into("<I", h, 88, crc)
	        struct.pack_into("<I", h, 16, 0)
	        length = struct.unpack_from("<I", h, 12)[0]
	        struct.pack_into("<I", h, 16, zlib.crc32(h[:length]))
	        f.seek(lba * 512)
	        f.write(h)
	END
}

# Change both copies of entry NUMBER (from 1): le64 of FIRST and LAST sector.
gpt_entry() # FILE NUMBER FIRST LAST
{
    local base
    for base in 1024 $(($(stat -c %s "$1") - 33 * 512)); do
        poke "$1" $((base + 128 * ($2 - 1) + 32)) "$(le64 "$3")$(le64 "$4")"
    done
    gpt_seal "$1"
}

le64() # NUMBER
{
    printf '%016x' "$1" | sed 's/../& /g' | awk '{ for (i = 8; i > 0; i--) printf $i }'
}

# A number out of FILE, little or big end first.
peek() # le|be FILE OFFSET SIZE
{
    local endian=big
    [ "$1" = be ] || endian=little
    od -An -v -tu"$4" --endian="$endian" -j "$3" -N "$4" "$2" | tr -d ' \n'
}

# manifest.json for one disk; more of the document's keys as JSON text.
manifest() # FILE FORMAT [, "key": value …]
{
    cat >manifest.json <<-END
	{
	  "manifest_version": "1.0",
	  "disks": [
	    { "id": "disk-0", "source_format": "$2",
	      "bytes": $(stat -L -c %s "$1" 2>/dev/null || echo 0),
	      "local_path": "$1" }
	  ],
	  "output": { "directory": "out" }${3:-}
	}
	END
}

# Stages off or on, for manifest().
# shellcheck disable=SC2034
CONVERT_ONLY=', "pipeline": { "convert": { "enabled": true },
  "validate": { "enabled": true } }'

# Every file here but what a run makes, with its hash.
hashes()
{
    find . \( -path ./out -o -name .got \) -prune -o -type f -print0 |
        LC_ALL=C sort -z | xargs -0 sha256sum
}

# What must hold after any run: complain about each thing that does not.
# REPORT says whether there must be one: success, failure or none.
judge() # CODE REPORT BEFORE
{
    local code=$1 report=$2 before=$3 left
    [ "$(hashes)" = "$before" ] || echo "a source was changed"
    left=$(find . -name '*.hyper2kvm-partial')
    [ -z "$left" ] || echo "left behind: $left"
    if grep -qE 'Sanitizer|runtime error:' .got/err; then
        echo "a sanitizer has something to say"
    fi
    left=$(find out -mindepth 1 ! -name report.json 2>/dev/null)
    [ "$report" = success ] || [ -z "$left" ] ||
        echo "there after a failure: $left"
    if [ "$report" = none ]; then
        [ ! -e out/report.json ] || echo "there is a report"
    elif ! jq -e ".pipeline.success == $([ "$report" = success ] &&
        echo true || echo false)" out/report.json >/dev/null 2>&1; then
        echo "report.json is not one of $report"
    fi
    [ "$report" != failure ] ||
        jq -e '.errors | length == 1' out/report.json >/dev/null 2>&1 ||
        echo "report.json does not name the error"
    if [ "$code" -ne 0 ]; then
        tail -n 1 .got/err | grep -q '^hyper2kvm: ' ||
            echo "the error is not the last line on standard error"
    fi
}

# web.ovf: a machine with the disk HREF; ATTRIBUTES of its File, and its
# FORMAT where it is no VMDK.
ovf() # HREF [ATTRIBUTES [FORMAT]]
{
    cat >web.ovf <<-END
	<?xml version="1.0" encoding="UTF-8"?>
	<Envelope xmlns="http://schemas.dmtf.org/ovf/envelope/1"
	  xmlns:ovf="http://schemas.dmtf.org/ovf/envelope/1"
	  xmlns:rasd="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_ResourceAllocationSettingData">
	  <References><File ovf:id="f" ovf:href="$1" ${2:-}/></References>
	  <DiskSection><Info>Disks</Info>
	    <Disk ovf:diskId="d" ovf:fileRef="f" ovf:capacity="8388608"
	      ovf:format="${3:-http://www.vmware.com/interfaces/specifications/vmdk.html#streamOptimized}"/>
	  </DiskSection>
	  <VirtualSystem ovf:id="web"><Info>A machine</Info>
	    <VirtualHardwareSection><Info>Hardware</Info>
	      <Item><rasd:AddressOnParent>0</rasd:AddressOnParent>
	        <rasd:ElementName>Hard disk 1</rasd:ElementName>
	        <rasd:HostResource>ovf:/disk/d</rasd:HostResource>
	        <rasd:InstanceID>1</rasd:InstanceID>
	        <rasd:ResourceType>17</rasd:ResourceType></Item>
	    </VirtualHardwareSection>
	  </VirtualSystem>
	</Envelope>
	END
}

# web-disk1.vmdk, as an export has it, with the disk of 8 MiB in it.
exported_disk()
{
    disk raw && qemu-img convert -O vmdk -o subformat=streamOptimized raw \
        web-disk1.vmdk && rm raw
}

# web.ova of FILE...
ova() # FILE...
{
    tar --format=ustar -b1 -cf web.ova "$@"
}

# manifest.json, to convert what is in web.ova or web.ovf and nothing else.
migrate() # ova|ovf
{
    cat >manifest.json <<-END
	{ "version": "1.0", "source": { "type": "$1", "path": "web.$1" },
	  "output": { "directory": "out" }$CONVERT_ONLY }
	END
}

# hyper2kvm, and DIGITS in place of a sum that depends on the day.
without_sum() # WORD...
{
    local code
    hyper2kvm "$@" 2>.got/raw
    code=$?
    sed -E 's/got (sha[0-9]+):[0-9a-f]+/got \1:DIGITS/' .got/raw >&2
    return $code
}
