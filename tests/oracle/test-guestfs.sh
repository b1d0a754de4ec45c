#!/bin/sh
# SPDX-License-Identifier: LGPL-3.0-or-later
# libguestfs' appliance as a filesystem driver, by emulation: two starts of it
# here, each of which takes half a minute.
set -u
. "$H2K_SOURCE/tests/tap.sh"
own_mounts
PATH=$PATH:/sbin:/usr/sbin
fs_op=$H2K_BUILD/tests/oracle/fs-op
hyper2kvm=$H2K_BUILD/hyper2kvm
need mkfs.btrfs btrfs mkfs.jfs fsck.jfs qemu-system-x86_64 qemu-img jq \
    sha256sum cmp pgrep
cd "$tap_dir" || exit 1
rounds=${H2K_ROUNDS:-2}

# Another program does the work, which sanitizers do not look into; what is
# ours there is looked at in tests/unit/fs.
if nm "$fs_op" 2>/dev/null | grep -q '__asan_init\|__tsan_init'; then
    echo '1..0 # SKIP the appliance is not run by a sanitizer'"'"'s build'
    exit 0
fi
if "$hyper2kvm" --version | grep -q 'other filesystems: libguestfs [0-9]'; then :
else
    need libguestfs0
fi

# ---- Without the library ----

TINY_ROOT=btrfs sh "$H2K_SOURCE/tests/tiny-guest.sh" btrfs.raw &&
    sha256sum btrfs.raw >btrfs.sum
ok $? 'a guest on btrfs'
export HYPER2KVM_LIBGUESTFS=/nonexistent/libguestfs.so.0
"$hyper2kvm" inspect btrfs.raw >log 2>&1
status=$?
is "$status $(grep -c '^Verdict .*cannot be fixed: .*package libguestfs0' log)" \
    '0 1' 'is inspected without libguestfs, and the verdict asks for it'
"$hyper2kvm" btrfs.raw --output-dir none >log 2>&1
is "$? $(grep -c 'nothing was written.*libguestfs.*package libguestfs0' log)" \
    '8 1' 'is not fixed without it: the error says what is missing'
ls none/*.qcow2 >/dev/null 2>&1
[ $? -ne 0 ]
ok $? 'and nothing is published'
unset HYPER2KVM_LIBGUESTFS

# ---- Cut off ----

appliance()
{
    pgrep -f "unix:$tap_dir/place/h2k-nbd"
}

# A job whose appliance is about to start.
begin()
{
    rm -rf place && mkdir place
    TMPDIR=$tap_dir/place "$hyper2kvm" btrfs.raw --output-dir cut >log 2>&1 &
    pid=$!
    for _ in $(seq 600); do
        appliance >/dev/null && break
        sleep 0.1
    done
}

# ended SIGNAL NAME: it gets the signal once its appliance runs, and soon
# nobody is left.
ended()
{
    begin
    appliance >/dev/null
    ok $? "$2: the appliance is there"
    kill -"$1" $pid
    wait $pid 2>/dev/null
    status=$?
    for _ in $(seq 200); do
        appliance >/dev/null || break
        sleep 0.1
    done
    appliance >/dev/null
    is "$?" 1 "$2: and gone with us"
    sha256sum --quiet -c btrfs.sum
    ok $? "$2: the source is as it was"
}
ended KILL 'killed'
ended TERM 'interrupted'
is "$status" 130 'interrupted: the exit status says so'

# The socket goes when the appliance is up.
begin
for _ in $(seq 1200); do
    ls place/h2k-nbd-*/socket >/dev/null 2>&1 || break
    sleep 0.1
done
kill -KILL $(appliance) # one word
wait $pid
status=$?
is "$status $(grep -c 'hyper2kvm: .*the appliance ended by itself' log)" '1 1' \
    'an appliance that is killed: the error says so'
ls cut/*.qcow2 place/* >/dev/null 2>&1
[ $? -ne 0 ]
ok $? 'nothing is published, and nothing is left behind'

# ---- Random changes, as a model has them ----

truncate -s 64M image
mkfs.jfs -q image >mkfs.log 2>&1
for i in $(seq "$rounds"); do
    printf 'random %d 60\ncheck\n' "$i"
done >script
timeout 280 "$fs_op" -g image <script >log 2>&1
status=$?
ok $status "jfs: $((rounds * 60)) random changes, with fsck.jfs after each 60"
echo '# matrix: jfs | random changes | libguestfs'
[ $status -eq 0 ] || tail -n 5 log | cut -c 1-300 | sed 's/^/# /'

# ---- A guest on btrfs, by the whole pipeline ----

timeout 280 "$hyper2kvm" btrfs.raw --output-dir out >log 2>&1
status=$?
ok $status 'the guest on btrfs is fixed'
[ $status -eq 0 ] || tail -n 8 log | sed 's/^/# /'
sha256sum --quiet -c btrfs.sum
ok $? 'its source is as it was'
is "$("$hyper2kvm" inspect btrfs.raw --json | jq -r '.. | objects |
    select(.type == "btrfs" and has("driver")) | .driver')" btrfs 'it is inspected natively'
is "$(jq -c '.pipeline.stages.fix.result.libguestfs |
    [.filesystems, (.start_seconds > 0)]' out/report.json)" \
    '[["disk-0 partition 4"],true]' 'and written by libguestfs'
qemu-img convert -O raw out/*.qcow2 fixed.raw
tail -c +$((16 * 1048576 + 1)) fixed.raw | head -c $((199 * 1048576)) >root.img
btrfs check --readonly root.img >check.log 2>&1
ok $? 'btrfs check finds nothing'
echo '# matrix: btrfs | a guest, by the whole pipeline | libguestfs'
echo 'cat /etc/fstab' | "$fs_op" -R root.img | grep -c '^UUID=' >count
is "$(cat count)" 3 'the edits are there'
if [ "$(id -u)" -eq 0 ] && mkdir mnt && mount -o loop,ro root.img mnt 2>/dev/null; then
    trap 'umount mnt 2>/dev/null; rm -rf "$tap_dir"' EXIT
    (cd mnt && find . -type f | sort | xargs sha256sum) >kernel
    umount mnt
    echo tree | "$fs_op" -R root.img |
        sed -n 's/^\([^ ]*\) 100.* \([0-9a-f]\{64\}\)\( .*\)\{0,1\}$/\2  .\1/p' |
        sort -k 2 >ours
    sort -k 2 kernel | cmp -s - ours
    ok $? "and the kernel's own mount sees what we do"
fi
"$hyper2kvm" fixed.raw --output-dir again >log 2>&1
status=$?
is "$status $(jq -c '.pipeline.stages.fix.result |
    [.changes, has("libguestfs")]' again/report.json)" '0 [0,false]' \
    'run again, there is nothing to do, and no appliance is started'
tap_done
