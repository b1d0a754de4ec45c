#!/bin/sh
# SPDX-License-Identifier: LGPL-3.0-or-later
# Disks of NBD servers, which nbdkit and qemu-nbd are.
set -u
. "$H2K_SOURCE/tests/tap.sh"
need nbdkit qemu-nbd qemu-img cmp python3
cat=$H2K_BUILD/tests/oracle/nbd-cat
cd "$tap_dir" || exit 1
uri="nbd+unix:///?socket=$tap_dir/socket"
server=
trap 'kill $server 2>/dev/null; rm -rf "$tap_dir"' EXIT

# start COMMAND...: a server on the socket, until stop.
start()
{
    rm -f socket
    "$@" 2>server.err &
    server=$!
    for _ in $(seq 300); do
        [ -S socket ] && break
        sleep 0.1
    done
}

stop()
{
    kill "$server" 2>/dev/null
    wait "$server" 2>/dev/null
    server=
}

# reads FILE NAME: the disk is FILE.
reads()
{
    timeout 60 "$cat" "$uri" out 2>err && cmp -s out "$1"
    ok $? "$2"
    sed 's/^/# /' err
}

truncate -s 20000256 sparse
for at in 0 3 7 15; do
    head -c 700000 /dev/urandom |
        dd of=sparse bs=1M seek=$at conv=notrunc status=none
done
head -c 3000000 /dev/urandom >full
qemu-img convert -f raw -O qcow2 sparse sparse.qcow2

start nbdkit -f -U socket file full
reads full 'nbdkit: a file'
stop
start nbdkit -f -U socket file sparse
reads sparse 'nbdkit: one with holes'
"$cat" -e "$uri" | awk '$3 == "absent" { n += $2 - $1 } END { print (n > 10000000) }' >holes
is "$(cat holes)" 1 'whose holes are known'
stop
start nbdkit -f -U socket --filter=noextents file sparse
reads sparse 'nbdkit: no extents'
is "$("$cat" -e "$uri")" '0 20000256 data' 'then all is data'
stop
start nbdkit -f -U socket --filter=noparallel --filter=multi-conn memory 1M \
    multi-conn-mode=disable
truncate -s 1M zeros
reads zeros 'nbdkit: one connection only, all zeros'
stop
head -c 2998272 full >aligned
start nbdkit -f -U socket --filter=blocksize-policy file aligned \
    blocksize-minimum=4096 blocksize-preferred=4096 blocksize-maximum=64K \
    blocksize-error-policy=error
reads aligned 'nbdkit: requests of whole blocks only, and small ones'
stop
start nbdkit -f -U socket --filter=error file full error-pread=EIO \
    error-pread-rate=100%
timeout 60 "$cat" "$uri" out 2>err
is "$? $(grep -c 'at byte .*Input/output error' err | sed 's/[1-9]/some/')" '1 some' \
    'nbdkit: an error of the server is told'
stop

# Connections that break after 500 kB, at first.
cat >cut.py <<'END'
import os, socket, sys, threading
path, behind, cuts = sys.argv[1], sys.argv[2], 6
def copy(source, target, limit):
    while limit > 0 and (data := source.recv(min(limit, 65536))):
        target.sendall(data)
        limit -= len(data)
    for s in source, target:
        try:
            s.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
server = socket.socket(socket.AF_UNIX)
server.bind(path + ".new")
server.listen()
os.rename(path + ".new", path)
while True:
    near, _ = server.accept()
    far = socket.socket(socket.AF_UNIX)
    far.connect(behind)
    cuts -= 1
    limit = 500000 if cuts >= 0 else 1 << 60
    for pair in (near, far, 1 << 60), (far, near, limit):
        threading.Thread(target=copy, args=pair, daemon=True).start()
END
start nbdkit -f -U socket file full
mv socket behind
nbdkit=$server
start python3 cut.py socket behind
reads full 'connections that break are made again'
stop
kill "$nbdkit"
start nbdkit -f -U socket --filter=delay memory 1M rdelay=100
timeout 60 "$cat" -i "$uri" 2>err
is "$? $(cat err)" '1 interrupted' 'an interruption ends the wait'
kill -9 "$server"
stop
start nbdkit -f -U socket file full
timeout 60 "$cat" -i "nbd+unix:///other?socket=$tap_dir/none" 2>err
is "$? $(grep -c 'socket=.*none: ' err)" '1 1' 'no server there'
timeout 60 "$cat" -i 'http://localhost/' 2>err
is "$?" 1 'no NBD URI'
stop

start qemu-nbd -r -t -f qcow2 -k "$tap_dir/socket" sparse.qcow2
reads sparse 'qemu-nbd: a qcow2'
ours=$("$cat" -e "$uri")
theirs=$(qemu-img map --output=json -f raw "$uri" | tr '{' '\n' |
    awk -F'[:,]' '/"start"/ { print $2 + 0, $2 + $4, /"data": true/ ? "data" : "hole" }' |
    awk '$3 != kind { if (kind != "") print begin, end, kind; begin = $1; kind = $3 }
         { end = $2 } END { print begin, end, kind }')
is "$(printf '%s\n' "$ours" | sed 's/zero$/hole/; s/absent$/hole/')" "$theirs" \
    'its extents are those that qemu-img tells'
stop
start qemu-nbd -r -t -e 4 -f raw -k "$tap_dir/socket" sparse
reads sparse 'qemu-nbd: four connections'
stop
start qemu-nbd -r -t -x disk -f raw -k "$tap_dir/socket" sparse
timeout 60 "$cat" -e "nbd+unix:///other?socket=$tap_dir/socket" 2>err
is "$?" 1 'qemu-nbd: no such export'
sed 's/^/# /' err
timeout 60 "$cat" "nbd+unix:///disk?socket=$tap_dir/socket" out && cmp -s out sparse
ok $? 'but by its name'
stop
tap_done
