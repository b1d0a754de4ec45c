#!/bin/bash
# SPDX-License-Identifier: LGPL-3.0-or-later
# The pipeline as users call it, on a tiny guest: every option does what it
# says, and what is written is judged with qemu-img, debugfs and e2fsck.
# shellcheck source=../tap.sh
. "$H2K_SOURCE/tests/tap.sh"
# shellcheck source=../should-fail/lib.sh
. "$H2K_SOURCE/tests/should-fail/lib.sh"
need qemu-img sfdisk mke2fs e2fsck debugfs mkswap cpio jq
cd "$tap_dir" || exit 1
mkdir .got
guest guest.raw
pristine=$(sha256sum guest.raw)
ROOT_UUID=7c0e4c3a-0b52-4f3e-9d58-1f0d7a3b5c04
initrd=/initrd.img-6.1.0-99-amd64

# h2k WORD...: run it; standard output and error are kept in out and err.
h2k()
{
    hyper2kvm "$@" >.got/out 2>.got/err
}

# done_with CODE NAME: the status of what was just run, with what it said.
done_with()
{
    local code=$?
    is $code "$1" "$2"
    [ $code -eq "$1" ] || sed 's/^/# /' .got/err
}

# A file of the guest in a raw disk.
in_root() # DISK PATH
{
    debugfs -R "cat $2" "$1?offset=$ROOT_AT" 2>/dev/null
}
in_boot()
{
    debugfs -R "cat $2" "$1?offset=$BOOT_AT" 2>/dev/null
}
names_in_root() # DISK DIRECTORY
{
    debugfs -R "ls -p $2" "$1?offset=$ROOT_AT" 2>/dev/null | cut -d/ -f6 | sort
}
fs_is_clean() # DISK OFFSET MiB
{
    dd if="$1" of=.got/fs bs=1M skip=$(($2 >> 20)) count="$3" status=none
    e2fsck -fn .got/fs >.got/e2fsck 2>&1
}

# ---- A disk, without any option ----

h2k guest.raw
done_with 0 "hyper2kvm DISK"
is "$(ls output)" "guest.qcow2
report.json" "writes the disk by its name, and the report"
qemu-img check -q output/guest.qcow2 && qemu-img compare -q output/guest.qcow2 guest.raw
[ $? -eq 1 ]
ok $? "a good qcow2, which is not the same disk"
for line in 'found      Debian GNU/Linux 12 (bookworm), kernel 6.1.0-99-amd64, host tiny' \
    'fixed      /etc/fstab: the device of /' \
    "           /boot$initrd: an archive with drivers for KVM, appended" \
    "report     $PWD/output/report.json"; do
    grep -qFx "$line" .got/out
    ok $? "and says: $line"
done
grep -qE '^written    .*/output/guest.qcow2 \(qcow2, [0-9.]+ MiB\)$' .got/out &&
    grep -q '^verified   content: ' .got/out && grep -q '^done ' .got/out
ok $? "and what it wrote and verified"
grep -qx 'convert disk-0: 100 %' .got/err
ok $? "and how far it is"
is "$(sha256sum guest.raw)" "$pristine" "the source is unchanged"

# ---- What was done to the guest ----

h2k guest.raw --out-format raw --output-dir raw
done_with 0 "--out-format raw"
qemu-img info -f raw raw/guest.raw >/dev/null &&
    is "$(stat -c %s raw/guest.raw)" 41943040 "a raw disk of its size"
is "$(in_root raw/guest.raw /etc/fstab | grep -c '^UUID=')" 3 "fstab has UUIDs"
in_boot raw/guest.raw /grub/grub.cfg | grep -q "root=UUID=$ROOT_UUID ro"
ok $? "and so has grub.cfg"
in_boot raw/guest.raw $initrd >initrd
size=$(in_boot guest.raw $initrd | wc -c)
[ "$size" -gt 100 ] && cmp -n "$size" initrd <(in_boot guest.raw $initrd)
ok $? "the initramfs begins as it was"
# It stands at the next multiple of four.
tail -c +$(((size + 3) / 4 * 4 + 1)) initrd | cpio -it --quiet 2>/dev/null |
    grep -qx 'usr/lib/modules/6.1.0-99-amd64/kernel/drivers/block/virtio_blk.ko'
ok $? "and ends with an archive that has virtio_blk"
fs_is_clean raw/guest.raw "$ROOT_AT" 23 && fs_is_clean raw/guest.raw "$BOOT_AT" 12
ok $? "e2fsck has nothing to say"
names_in_root raw/guest.raw /etc | grep -qE '^fstab.backup.hyper2kvm.[0-9]{8}-[0-9]{6}$'
ok $? "a backup of fstab is beside it"

# ---- A second time ----

h2k raw/guest.raw -O raw --output-dir again
done_with 0 "the pipeline on its own output"
grep -qFx 'fixed      nothing to change' .got/out &&
    jq -e '.changes == [] and (.notes | index("fix: nothing to change, the guest is ready for KVM as it is")) != null' \
        again/report.json >/dev/null
ok $? "changes nothing, and says so"
cmp -s raw/guest.raw again/guest.raw
ok $? "not a byte"
rm -r raw again

# ---- Each option ----

h2k guest.raw --dry-run --output-dir dry
done_with 0 "--dry-run"
is "$(ls dry)" report.json "writes nothing but the report"
jq -e '.changes | length > 3' dry/report.json >/dev/null
ok $? "which has what would be done"

h2k guest.raw --no-backup -O raw --output-dir o
done_with 0 "--no-backup"
! names_in_root o/guest.raw /etc | grep -q backup
ok $? "no backup is made"
in_root o/guest.raw /etc/fstab | grep -q "^UUID=$ROOT_UUID"
ok $? "but the rest"

h2k guest.raw --print-fstab --dry-run --output-dir o
done_with 0 "--print-fstab"
sed -n '/^--- .* before$/,/^--- .* after$/p' .got/out | grep -q '^/dev/sda4 / ext4' &&
    sed -n '/^--- .* after$/,/^---$/p' .got/out | grep -q "^UUID=$ROOT_UUID / ext4"
ok $? "shows it before and after"

h2k guest.raw --fstab-mode noop -O raw --output-dir o
done_with 0 "--fstab-mode noop"
is "$(in_root o/guest.raw /etc/fstab)" "$(in_root guest.raw /etc/fstab)" \
    "leaves fstab alone"
cp --sparse=always guest.raw bypath.raw
in_root guest.raw /etc/fstab |
    sed 's|^/dev/sda2|/dev/disk/by-path/pci-0000:03:00.0-scsi-0:0:0:0-part2|' >fstab
edit_fs bypath.raw "$ROOT_AT" 'rm /etc/fstab' 'write fstab /etc/fstab'
h2k bypath.raw --fstab-mode bypath-only -O raw --output-dir o
done_with 0 "--fstab-mode bypath-only"
is "$(in_root o/bypath.raw /etc/fstab | awk '/^[^#]/ { print $1 }')" \
    "/dev/sda4
UUID=7c0e4c3a-0b52-4f3e-9d58-1f0d7a3b5c02
/dev/sda3" "changes only names under by-path"

h2k guest.raw --no-grub -O raw --output-dir o
done_with 0 "--no-grub"
is "$(in_boot o/guest.raw /grub/grub.cfg)" "$(in_boot guest.raw /grub/grub.cfg)" \
    "leaves grub.cfg alone"
for option in --no-regen-initramfs --regen-initramfs=false; do
    h2k guest.raw $option -O raw --output-dir o
    done_with 0 "$option"
    cmp -s <(in_boot o/guest.raw $initrd) <(in_boot guest.raw $initrd)
    ok $? "leaves the initramfs alone"
done
h2k guest.raw --remove-vmware-tools -O raw --output-dir o
done_with 0 "--remove-vmware-tools"
jq -e '[.changes[].what] | index("a VMware service, masked")' o/report.json >/dev/null
ok $? "turns its service off"

h2k guest.raw --output-dir plain
h2k guest.raw --compress --output-dir packed
done_with 0 "--compress"
[ "$(stat -c %s packed/guest.qcow2)" -lt "$(stat -c %s plain/guest.qcow2)" ] &&
    qemu-img check -q packed/guest.qcow2 &&
    jq -e '.artifacts[0].compressed' packed/report.json >/dev/null
ok $? "a smaller qcow2, which is good"
h2k guest.raw --compress-level 9 --output-dir o
done_with 0 "--compress-level 9"
[ "$(stat -c %s o/guest.qcow2)" -lt "$(stat -c %s plain/guest.qcow2)" ]
ok $? "compresses by itself"
rm -r plain packed

for words in '-output-dir o -dry-run' '--output-dir=o --dry-run' \
    '-output-dir=o --dry-run=true' '--dry-run --compress=false --output-dir o'; do
    rm -rf o
    # shellcheck disable=SC2086
    h2k guest.raw $words
    done_with 0 "$words"
    is "$(ls o)" report.json "is understood"
done
h2k --raw guest.raw --dry-run=false --output-dir o
done_with 0 "--raw DISK --dry-run=false"
is "$(ls o)" "guest.qcow2
report.json" "writes the disk"
h2k guest.raw --report elsewhere.json --dry-run --output-dir o2
done_with 0 "--report PATH"
jq -e .version elsewhere.json >/dev/null
ok $? "is where the report goes"

h2k guest.raw -q --output-dir o
done_with 0 "-q"
is "$(cat .got/out .got/err)" '' "says nothing"
h2k guest.raw --json --output-dir o
done_with 0 "--json"
jq -e '.version == "1.0"' .got/out >/dev/null && cmp -s .got/out o/report.json
ok $? "prints the report and nothing else"
h2k guest.raw --json-progress --output-dir o
done_with 0 "--json-progress"
[ -s .got/err ] && jq -e -s 'all(.stage and .disk_id == "disk-0" and
    .done <= .total and .seconds >= 0) and ([.[] | select(.done == .total)] |
    map(.stage) | unique == ["convert", "validate"])' .got/err >/dev/null
ok $? "an object on each line"
h2k guest.raw -vv --log-file log --output-dir o
h2k guest.raw -q --log-file log --output-dir o
done_with 0 "--log-file"
is "$(grep -c '^convert$' log)" 2 "has the messages of both runs, quiet or not"
manifest guest.raw raw ', "options": { "verbose": 0 }'
h2k --manifest manifest.json --output-dir o
is "$(cat .got/out .got/err)" '' "options.verbose of 0 says nothing"
h2k --manifest manifest.json --output-dir o -v
grep -q '^convert$' .got/err
ok $? "but the command line counts more"
manifest guest.raw raw ', "options": { "verbose": 2 }'
h2k --manifest manifest.json --output-dir o
grep -q '^convert$' .got/err
ok $? "and of 2 tells more"

# ---- Files of options ----

printf 'output-dir: from-first\ncompress: true\ndry_run: true\n' >first.yaml
printf '{ "output_dir": "from-second", "dry-run": false }\n' >second.json
h2k guest.raw --config first.yaml --config second.json
done_with 0 "--config: a later file wins"
is "$(ls from-second)" "guest.qcow2
report.json" "over an earlier one"
jq -e '.artifacts[0].compressed' from-second/report.json >/dev/null
ok $? "whose other options stand"
h2k guest.raw --output-dir from-line --config first.yaml
done_with 0 "the command line wins"
is "$(ls from-line)" report.json "over files, wherever it stands"
h2k guest.raw --config missing.yaml
done_with 2 "a file of options that is missing"
printf 'output-dri: x\n' >typo.yaml
h2k guest.raw --config typo.yaml
done_with 2 "an option in it that is not known"
grep -q '^hyper2kvm: typo.yaml: .*did you mean.*output-dir' .got/err
ok $? "and the nearest one is named"

# ---- The other commands ----

h2k inspect guest.raw
done_with 0 "inspect DISK"
grep -qx 'System           Debian GNU/Linux 12 (bookworm)' .got/out &&
    grep -q '^Kernels  .*6.1.0-99-amd64 (default): not in its initramfs: .*virtio_blk' .got/out
ok $? "says what is in there"
grep -qx 'Verdict          will be fixed:' .got/out &&
    grep -qx "                 /etc/fstab: the device of / (/dev/sda4 becomes UUID=$ROOT_UUID)" .got/out &&
    grep -qx "                 /boot$initrd: an archive with drivers for KVM, appended" .got/out
ok $? "ends with what FIX would do"
is "$(sha256sum guest.raw)" "$pristine" "and does not"
h2k guest.raw --out-format raw --output-dir ready
h2k inspect ready/guest.raw
grep -qx 'Verdict          nothing to change, it is ready for KVM as it is' .got/out
ok $? "of a guest that was fixed, that it is ready"
h2k inspect guest.raw --json
jq -e '.verdict | .state == "fixable" and (.reasons | type) == "array" and
    (.changes[] | select(.file == "/etc/fstab") | .after != null)' .got/out >/dev/null
ok $? "the verdict as JSON"
jq -e '.distro == "debian" and (.kernels | length) == 1' .got/out >/dev/null
ok $? "also as JSON"
manifest guest.raw raw
h2k inspect manifest.json
done_with 0 "inspect MANIFEST"
[ ! -e out ]
ok $? "and writes nothing"

h2k validate manifest.json
done_with 0 "validate"
is "$(cat .got/out)" "manifest.json: valid, 0 errors, 0 warnings" "a valid manifest"
sed -i 's/41943040/7/' manifest.json
h2k validate manifest.json
done_with 0 "validate with a warning"
h2k validate --strict manifest.json
done_with 1 "is an error with --strict"
sed -i 's/"raw"/"rwa"/' manifest.json
h2k validate manifest.json
done_with 1 "validate of what is not valid"

h2k convert guest.raw copy.qcow2
done_with 0 "convert"
qemu-img compare -q guest.raw copy.qcow2
ok $? "is the same disk"

# ---- Two disks, and twice the same ----

cp --sparse=always guest.raw data.raw
dd if=/dev/zero of=data.raw bs=1M count=40 conv=notrunc status=none
seq 100000 | dd of=data.raw conv=notrunc status=none
cat >manifest.json <<END
{ "manifest_version": "1.0", "output": { "directory": "out" },
  "disks": [
    { "id": "system", "source_format": "raw", "bytes": 41943040,
      "local_path": "guest.raw", "boot_order_hint": 0 },
    { "id": "data", "source_format": "raw", "bytes": 41943040,
      "local_path": "data.raw", "boot_order_hint": 1 } ] }
END
h2k --manifest manifest.json
done_with 0 "two disks"
is "$(ls out)" "data.qcow2
report.json
system.qcow2" "each by its id"
qemu-img compare -q data.raw out/data.qcow2
ok $? "the one without a system is the same disk"

export SOURCE_DATE_EPOCH=1700000000
for words in '' '--compress'; do
    for run in one two; do
        # shellcheck disable=SC2086
        h2k manifest.json $words --output-dir $run
    done
    cmp -s one/system.qcow2 two/system.qcow2 && cmp -s one/data.qcow2 two/data.qcow2
    ok $? "two runs make the same bytes ${words:-as they are}"
done
h2k manifest.json -O raw --output-dir one
is "$(names_in_root one/system.raw /etc | grep fstab.backup)" \
    fstab.backup.hyper2kvm.20231114-221320 "with the time of SOURCE_DATE_EPOCH"
is "$(sha256sum guest.raw)" "$pristine" "the source is unchanged"
tap_done
