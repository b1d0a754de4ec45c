#!/bin/bash
# SPDX-License-Identifier: LGPL-3.0-or-later
# hyper2kvm convert, judged by qemu-img.
# shellcheck source=../tap.sh
. "$H2K_SOURCE/tests/tap.sh"
need qemu-img
h2k=$H2K_BUILD/hyper2kvm
cd "$tap_dir" || exit 1

# A disk of an odd size: data, zeros, and bytes behind the last sector.
truncate -s 9000001 in.raw
head -c 3000000 /dev/urandom | dd of=in.raw conv=notrunc status=none
head -c 300001 /dev/urandom | dd of=in.raw bs=1 seek=8700000 conv=notrunc \
    status=none
qemu-img convert -f raw -O vmdk -o subformat=streamOptimized in.raw in.vmdk

# same FILE FORMAT NAME
same()
{
    qemu-img compare -q -f raw -F "$2" in.raw "$1"
    ok $? "$3: qemu-img finds the same content"
}

for source in in.raw in.vmdk; do
    for how in "" "--compress" "--compression zstd" "--compress-level 9"; do
        # shellcheck disable=SC2086
        "$h2k" convert $source out.qcow2 -q $how
        ok $? "$source: convert $how"
        qemu-img check -q out.qcow2
        ok $? "$source $how: qemu-img finds nothing wrong"
        same out.qcow2 qcow2 "$source $how"
    done
    "$h2k" convert $source out.raw -q && same out.raw raw "$source to raw"
    "$h2k" convert $source out.bin -O raw -q && same out.bin raw "-O raw"
done

"$h2k" convert in.vmdk a.qcow2 -q && "$h2k" convert in.vmdk b.qcow2 -q &&
    cmp a.qcow2 b.qcow2
ok $? "two runs give the same bytes"
"$h2k" convert out.qcow2 again.raw -q && same again.raw raw "from qcow2"

"$h2k" convert in.vmdk out.raw --compress 2>err
is $? 2 "a raw image cannot be compressed: exits with 2"
"$h2k" convert in.vmdk 2>err
is $? 2 "one name is too few"
"$h2k" convert nothing.vmdk out.qcow2 2>err
is $? 3 "a source that is not there: exits with 3"
is "$(cat err)" "hyper2kvm: Source path not found: nothing.vmdk" "and says so"
"$h2k" convert in.vmdk no/such/out.qcow2 2>err
is $? 6 "a directory that is not there: exits with 6"
[ -z "$(find . -name '*partial*')" ]
ok $? "nothing unfinished is left"
tap_done
