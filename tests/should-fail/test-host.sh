#!/bin/bash
# SPDX-License-Identifier: LGPL-3.0-or-later
# A host that does not do its part: files that cannot be read or written, a
# full disk, a run that is killed.  The source stays as it is, nothing
# half-made has a final name, and the next run succeeds.
# shellcheck source=../tap.sh
. "$H2K_SOURCE/tests/tap.sh"
# shellcheck source=lib.sh
. "$H2K_SOURCE/tests/should-fail/lib.sh"
need qemu-img sfdisk mke2fs mkswap cpio jq python3 setpriv unshare
chmod 755 "$tap_dir"
mkdir -m 777 "$tap_dir/work" && cd "$tap_dir/work" || exit 1
guest disk.raw
manifest disk.raw raw
mkdir .got
before=$(hashes)

# As somebody whom permissions stop, also where tests run as root.
unprivileged()
{
    if [ "$(id -u)" -ne 0 ]; then
        "$@"
    else
        setpriv --reuid 65534 --regid 65534 --clear-groups "$@"
    fi
}
cp "$H2K_BUILD/hyper2kvm" "$tap_dir/hyper2kvm" && chmod 755 "$tap_dir/hyper2kvm"

# fails NAME CODE MESSAGE REPORT COMMAND...: the last line on standard error
# is MESSAGE, with DIR for the directory.
fails()
{
    local name=$1 wanted=$2 message=$3 report=$4 code said problems
    shift 4
    "$@" >.got/out 2>.got/err
    code=$?
    said=$(tail -n 1 .got/err)
    problems=$(
        [ "$code" -eq "$wanted" ] || echo "exit status $code, not $wanted"
        [ "${said//$PWD/DIR}" = "hyper2kvm: $message" ] ||
            echo "not printed: hyper2kvm: $message"
        judge "$code" "$report" "$before"
    )
    [ -z "$problems" ]
    ok $? "$name"
    [ -z "$problems" ] ||
        { echo "$problems"; cat .got/err; } | sed "s|$PWD|DIR|g; s/^/# /"
}

# ---- What cannot be written ----

echo 'a file' >taken
before=$(hashes)
fails "a file in place of the output directory" 6 \
    "cannot create output directory DIR/taken: something else has its name; choose another" none \
    hyper2kvm --manifest manifest.json --output-dir taken
fails "a file in the way to it" 6 \
    "cannot create output directory DIR/taken/out: Not a directory" \
    none hyper2kvm --manifest manifest.json --output-dir taken/out
rm taken
before=$(hashes)

mkdir -m 755 out
fails "an output directory without permission to write" 6 \
    "disk-0: cannot create DIR/out/disk-0.qcow2.hyper2kvm-partial: Permission denied" \
    none unprivileged "$tap_dir/hyper2kvm" --manifest manifest.json
rmdir out

mkdir -p out/disk-0.qcow2
"$H2K_BUILD/hyper2kvm" --manifest manifest.json >.got/out 2>.got/err
is $? 6 "a directory under the output's name"
is "$(tail -n 1 .got/err)" "hyper2kvm: disk-0: $PWD/out/disk-0.qcow2: exists and is not a regular file; choose another output name" "and it is told"
rm -r out

mkdir out
exec 9>out/disk-0.qcow2.hyper2kvm-partial
flock 9
"$H2K_BUILD/hyper2kvm" --manifest manifest.json >.got/out 2>.got/err
is $? 6 "another run that makes the same file"
is "$(tail -n 1 .got/err)" "hyper2kvm: disk-0: $PWD/out/disk-0.qcow2 is being written by another run; wait for it, or choose another output name" "and it is told"
[ -e out/disk-0.qcow2.hyper2kvm-partial ]
ok $? "whose file stays"
exec 9>&-
rm -r out

mkdir out
echo 'an older disk' >out/disk-0.qcow2
cat >hold.py <<'END'
import fcntl, sys
f = open(sys.argv[1], "r+b")
fcntl.lockf(f, fcntl.LOCK_EX | fcntl.LOCK_NB)
print("held", flush=True)
sys.stdin.read()
END
coproc python3 hold.py out/disk-0.qcow2
read -r _ <&"${COPROC[0]}"
"$H2K_BUILD/hyper2kvm" --manifest manifest.json >.got/out 2>.got/err
is $? 6 "an output that a running guest has open"
is "$(tail -n 1 .got/err)" "hyper2kvm: disk-0: $PWD/out/disk-0.qcow2: exists and is in use (a running guest?); stop it, or choose another output name" "and it is told"
is "$(cat out/disk-0.qcow2)" 'an older disk' "and it stays"
exec {COPROC[1]}>&-
wait "$COPROC_PID" 2>/dev/null
rm -r out hold.py
before=$(hashes)

# The run itself went well; its disk stays, and the error is the report's.
mkdir -p out/report.json
hyper2kvm --manifest manifest.json >.got/out 2>.got/err
is $? 6 "a directory under the report's name"
is "$(tail -n 1 .got/err)" "hyper2kvm: report: $PWD/out/report.json: exists and is not a regular file; choose another output name" "and it is told"
rm -r out
hyper2kvm --manifest manifest.json --json >/dev/full 2>.got/err
is $? 6 "a full standard output"
is "$(tail -n 1 .got/err)" "hyper2kvm: standard output: No space left on device" \
    "and it is told"
rm -r out

# ---- What cannot be read ----

chmod 000 disk.raw
fails "a source without permission to read" 3 \
    "disk-0: DIR/disk.raw: Permission denied" failure \
    unprivileged "$tap_dir/hyper2kvm" --manifest manifest.json
rm -rf out
chmod 644 disk.raw manifest.json
chmod 000 manifest.json
unprivileged "$tap_dir/hyper2kvm" --manifest manifest.json >.got/out 2>.got/err
is $? 2 "a manifest without permission to read"
chmod 644 manifest.json

# ---- A full disk ----

# In a user namespace of our own: root is not needed for a small tmpfs.
if unshare -rm true 2>/dev/null; then
    mkdir out
    # shellcheck disable=SC2016
    unshare -rm sh -c '
        mount -t tmpfs -o size=700k tmpfs out || exit 99
        "$1" --manifest manifest.json >.got/out 2>.got/err
        echo $? >.got/code
        ls out >.got/left
        cp out/report.json .got/' sh "$H2K_BUILD/hyper2kvm"
    is "$(cat .got/code)" 6 "a disk that is full while converting"
    sed "s|$PWD|DIR|g" .got/err | tail -n 1 >.got/said
    is "$(cat .got/said)" "hyper2kvm: disk-0: DIR/out/disk-0.qcow2: no space for the output after 0 MiB of it (a disk of 40 MiB can need that much): make room there, or write to another directory: No space left on device" "and it is told"
    is "$(cat .got/left)" report.json "and nothing is left but the report"
    jq -e '.pipeline.success == false' .got/report.json >.got/out 2>&1
    ok $? "which names the failure"
    is "$(hashes)" "$before" "and the source is unchanged"
    rmdir out

    # Too full for the report as well: what was first is still the error.
    mkdir out
    # shellcheck disable=SC2016
    unshare -rm sh -c '
        mount -t tmpfs -o size=64k tmpfs out && head -c 65536 /dev/zero >out/full
        "$1" --manifest manifest.json >.got/out 2>.got/err
        echo $? >.got/code
        ls out >.got/left' sh "$H2K_BUILD/hyper2kvm"
    is "$(cat .got/code) $(cat .got/left)" "6 full" "a disk without any room"
    tail -n 1 .got/err | grep -q 'No space left on device'
    ok $? "and it is told"
    sed 's/^/# /' .got/err
    rmdir out
elif [ -n "${H2K_REQUIRE_ORACLES:-}" ]; then
    ok 1 "namespaces are there, for a disk that is full"
else
    echo "# no namespaces here: a full disk was not tried"
fi

# ---- Killed ----

# Two disks, and what takes long enough: 10 MiB that are hard to compress.
mkdir killed && cd killed || exit 1
mkdir .got
cp --sparse=always ../disk.raw disk.raw
python3 -c 'import random
print(random.Random(1).randbytes(5 << 20).hex(), end="")' >data.raw
cp data.raw kept.data
cp --sparse=always disk.raw kept.disk
cat >manifest.json <<END
{ "manifest_version": "1.0", "output": { "directory": "out" },
  "disks": [
    { "id": "system", "source_format": "raw", "bytes": $((40 << 20)),
      "local_path": "disk.raw", "disk_type": "boot" },
    { "id": "data", "source_format": "raw", "bytes": $((10 << 20)),
      "local_path": "data.raw", "disk_type": "data" } ] }
END
export TMPDIR=$PWD/tmp
mkdir tmp

start()
{
    env --default-signal=INT "$H2K_BUILD/hyper2kvm" --manifest manifest.json \
        --compress-level 9 -q >.got/out 2>.got/err &
}

begin=$(date +%s%N)
start
wait $!
is $? 0 "an undisturbed run"
whole=$((($(date +%s%N) - begin) / 1000000))
echo "# takes $whole ms"
rm -r out

# What has a final name is whole, whenever the run ended.
final_files_are_whole()
{
    if [ -e out/data.qcow2 ]; then
        qemu-img compare -f raw -F qcow2 data.raw out/data.qcow2 >.got/compare ||
            return 1
    fi
    if [ -e out/system.qcow2 ]; then
        qemu-img check -q out/system.qcow2 >.got/compare 2>&1 || return 1
    fi
    if [ -e out/report.json ]; then
        jq -e .version out/report.json >.got/compare 2>&1 || return 1
    fi
}

sources_are_unchanged()
{
    cmp data.raw kept.data && cmp disk.raw kept.disk && rmdir tmp && mkdir tmp
}

# stop_it SIGNAL: start a run and send it SIGNAL at a moment that a generator
# of our own picks, so that it can be repeated.  Sets code, and stopped if the
# run had not ended by itself; where it had, later moments come sooner.
seed=${H2K_SEED:-$(date +%s)}
echo "# H2K_SEED=$seed"
stop_it()
{
    local pause
    seed=$(((seed * 1103515245 + 12345) & 0x7fffffff))
    pause=$(((seed >> 8) % whole))
    start
    sleep "$(printf '%d.%03d' $((pause / 1000)) $((pause % 1000)))"
    kill -"$1" $! 2>/dev/null
    wait $! 2>/dev/null
    code=$?
    if [ "$code" -ne 0 ]; then
        stopped=$((stopped + 1))
    elif [ "$whole" -gt 20 ]; then
        whole=$((whole * 9 / 10))
    fi
}

failed='' stopped=0 leftovers=0 tries=0
while [ "$stopped" -lt 20 ] && [ "$tries" -lt 100 ]; do
    tries=$((tries + 1))
    stop_it KILL
    [ -z "$(find out -name '*.hyper2kvm-partial' 2>/dev/null)" ] ||
        leftovers=$((leftovers + 1))
    sources_are_unchanged || failed+=" $tries: a source or the temporary files;"
    final_files_are_whole || failed+=" $tries: a final name;"
done
is "$failed" '' "killed with SIGKILL at twenty moments"
[ "$stopped" -eq 20 ] && [ "$leftovers" -ge 1 ]
ok $? "and it did hit: $stopped of $tries were killed, $leftovers left something"
mkdir -p out && : >out/other.qcow2.hyper2kvm-partial
start
wait $!
is $? 0 "the next run succeeds"
is "$(ls out)" "data.qcow2
report.json
system.qcow2" "and removes the leftovers"
jq -e '.notes[] | select(test("^removed [0-9]+ unfinished file"))' \
    out/report.json >.got/compare
ok $? "and says so"
rm -r out

# One that comes before the handlers stand ends the run as it ends anything.
failed='' stopped=0 told=0 tries=0
while [ "$told" -lt 6 ] && [ "$tries" -lt 60 ]; do
    tries=$((tries + 1))
    signal=$([ $((tries % 3)) -eq 0 ] && echo TERM || echo INT)
    rm -f .got/err
    stop_it $signal
    case $code in
    0) ;;
    130)
        if [ -e out ] || [ -s .got/err ]; then
            told=$((told + 1))
            [ "$(tail -n 1 .got/err)" = "hyper2kvm: interrupted" ] ||
                failed+=" $signal: the message;"
            jq -e '.pipeline.success == false' out/report.json \
                >.got/compare || failed+=" $signal: the report;"
        fi
        ;;
    143) [ ! -e out ] || failed+=" $signal: status 143;" ;;
    *) failed+=" $signal: status $code;" ;;
    esac
    [ -z "$(find . -name '*.hyper2kvm-partial')" ] ||
        failed+=" $signal: a partial file;"
    sources_are_unchanged || failed+=" $signal: a source;"
    final_files_are_whole || failed+=" $signal: a final name;"
    rm -rf out
done
is "$failed" '' "interrupted at six moments"
is "$told" 6 "and it did hit, in $tries runs"

# nohup(1): what was ignored stays ignored.
trap '' HUP
"$H2K_BUILD/hyper2kvm" --manifest manifest.json -q 2>.got/err &
kill -HUP $!
wait $!
is $? 0 "SIGHUP that was ignored stays so"
cd .. || exit 1
tap_done
