#!/bin/sh
# SPDX-License-Identifier: LGPL-3.0-or-later
# Our NBD server before others' clients: QEMU's and libnbd's.
set -u
. "$H2K_SOURCE/tests/tap.sh"
need qemu-img qemu-io nbdinfo nbdcopy jq cmp python3
serve=$H2K_BUILD/tests/oracle/nbd-serve
cd "$tap_dir" || exit 1

# good NAME ARGUMENT...: the last argument is a shell command.
good()
{
    name=$1
    shift
    timeout 60 "$serve" "$@" >log 2>&1
    status=$?
    ok $status "$name"
    [ $status -eq 0 ] || sed 's/^/# /' log
}

uri='nbd+unix:///disk?socket=$SOCKET'
truncate -s 20000256 sparse
for at in 0 3 7 15; do
    head -c 700000 /dev/urandom |
        dd of=sparse bs=1M seek=$at conv=notrunc status=none
done
head -c 3000000 /dev/urandom >full

good 'nbdcopy reads an export, by several connections' disk=sparse -- \
    sh -c "nbdcopy --connections=4 \"$uri\" - | cmp - sparse"
good 'qemu-img reads it' disk=sparse -- sh -c "qemu-img convert -n -f raw \
    -O raw \"$uri\" --target-is-zero out 2>/dev/null || qemu-img convert \
    -f raw -O raw \"$uri\" out; cmp out sparse"
good 'qemu-img compares it' disk=sparse -- \
    sh -c "qemu-img compare -f raw -F raw \"$uri\" sparse"
cat >old.py <<'END'
import os, socket, struct
s = socket.socket(socket.AF_UNIX)
s.connect(os.environ["SOCKET"])
def get(count):
    data = b""
    while len(data) < count:
        data += s.recv(count - len(data))
    return data
assert get(18) == b"NBDMAGICIHAVEOPT\0\3"
s.sendall(struct.pack(">I8sII4s", 1, b"IHAVEOPT", 1, 4, b"disk"))
size, flags, zeroes = struct.unpack(">QH124s", get(134))
assert size == os.stat("sparse").st_size and zeroes == bytes(124)
s.sendall(struct.pack(">IHHQQI", 0x25609513, 0, 0, 5, 3 << 20, 700000))
assert struct.unpack(">IIQ", get(16)) == (0x67446698, 0, 5)
with open("sparse", "rb") as f:
    f.seek(3 << 20)
    assert get(700000) == f.read(700000)
END
good 'an old client reads it: no structured replies, no NBD_OPT_GO' \
    disk=sparse -- python3 old.py

good 'nbdinfo lists exports' one=sparse two=full -- sh -c \
    'nbdinfo --list --json "nbd+unix:///?socket=$SOCKET" >list'
is "$(jq -c '[.exports[] | [."export-name", ."export-size"]] | sort' list)" \
    '[["one",20000256],["two",3000000]]' 'each with its size'
is "$(jq -c '.exports[0] | [.is_read_only, .can_zero, .can_trim, .can_fua,
    .can_multi_conn, .block_size_preferred]' list)" \
    '[false,true,true,true,true,4096]' 'and what it can'
good 'nbdinfo of one that is read-only' -r disk=full -- \
    sh -c "nbdinfo --json \"$uri\" >one"
is "$(jq -c '.exports[0].is_read_only' one)" true 'says so'
timeout 60 "$serve" disk=full -- sh -c \
    'nbdinfo "nbd+unix:///other?socket=$SOCKET"' >log 2>&1
[ $? -ne 0 ] && grep -q 'No such file' log
ok $? 'no such export'

# QEMU's words for a hole and for zeros differ between its drivers.
map() { jq -c '[.[] | [.start, .length, .data]]' "$1" |
    python3 -c 'import json, sys
out = []
for start, length, data in json.load(sys.stdin):
    if out and out[-1][2] == data: out[-1][1] += length
    else: out.append([start, length, data])
print(out)'; }
good 'qemu-img maps it' disk=sparse -- sh -c \
    "qemu-img map --output=json -f raw \"$uri\" >map.ours"
qemu-img map --output=json -f raw sparse >map.theirs
is "$(map map.ours)" "$(map map.theirs)" 'as it maps the file'
good 'nbdinfo maps it' disk=sparse -- sh -c \
    "nbdinfo --map --json \"$uri\" >map.nbd"
is "$(jq '[.[] | select(.type == 0) | .length] | add' map.nbd)" \
    "$(jq '[.[] | select(.data) | .length] | add' map.theirs)" \
    'with as many bytes of data'

cp full work && cp full model
cat >commands <<'END'
write -P 0x11 0 65536
write -P 0x22 -f 100000 12345
write -z 200000 70000
write -z -u 300000 1
discard 400000 4096
flush
write -P 0x33 2999999 1
read -P 0x11 1 1000
END
good 'qemu-io writes to it' disk=work -- sh -c \
    "qemu-io -f raw \"$uri\" <commands | grep -c 'error\\|failed' | grep -qx 0"
grep -v discard commands | qemu-io -f raw model >/dev/null
cmp -n 400000 work model && cmp -i 404096 work model
ok $? 'what it writes to a file'
good 'nbdcopy writes to it' disk=work -- sh -c "nbdcopy full \"$uri\""
cmp work full
ok $? 'and all is there'
timeout 60 "$serve" -r disk=work -- sh -c "qemu-io -f raw -c 'write 0 512' \"$uri\"" \
    >log 2>&1
cmp -s work full
ok $? 'nothing is written to what is read-only'

good 'a read that fails' -f 1000000 disk=full -- \
    sh -c "qemu-io -r -f raw -c 'read 0 512' -c 'read 1000000 512' \
    -c 'read 2000000 512' \"$uri\" >io 2>&1; grep -c 'read 512/512' io | grep -qx 2"
grep -q 'Input/output error' io && grep -q '^error: .*1000000' log
ok $? 'is an error there, and known to us'

good 'a client that sends what is no NBD' disk=full -- python3 -c '
import os, socket
for junk in b"", b"\0", b"\0\0\0\xff", b"GET / HTTP/1.1\r\n\r\n", os.urandom(100000):
    s = socket.socket(socket.AF_UNIX)
    s.connect(os.environ["SOCKET"])
    s.settimeout(20)
    try:
        s.sendall(junk)
        s.shutdown(socket.SHUT_WR)
        while s.recv(65536):
            pass
    except (BrokenPipeError, ConnectionResetError):
        pass
'
mkdir place
TMPDIR=$tap_dir/place "$serve" disk=full -- \
    sh -c 'stat -c %a "${SOCKET%/*}"; test -S "$SOCKET"' >log
is "$(cat log)" 700 'the directory is ours alone'
is "$(ls -A place)" '' 'and goes afterwards'
tap_done
