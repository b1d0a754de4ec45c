#!/bin/sh
# SPDX-License-Identifier: LGPL-3.0-or-later
# Downloads: exactly the bytes that were asked for, or a failure.
set -u
. "$H2K_SOURCE/tests/net/lib.sh"
need sha256sum
head -c 5000003 /dev/urandom >file
ca home
cert server home 'DNS:localhost,IP:127.0.0.1'
serve port --tls server.pem file
serve plain_port file
url=https://127.0.0.1:$port
plain=http://127.0.0.1:$plain_port

run -c home.crt get "$url/file"
same file 'a file'
says 'begin 5000003' 'its size is told first'
run -h -c home.crt get "$url/file"
is "$(cat out)" "$(sha256sum <file | cut -d' ' -f1)" 'its hash'
tail -c +1001 file >tail
run -c home.crt get "$url/file" 1000
same tail 'from a byte on'
says 'begin 4999003' 'the size is that of the rest'
head -c 2001000 file | tail -c +1001 >middle
run -c home.crt get "$url/file" 1000 2000000
same middle 'a range'
tail -c 3 file >end
run -c home.crt get "$url/file" 5000000 1000
same end 'a range that the file ends in'
run get "$plain/file" 6000000
fails 'status 416' 'a range behind the end'
run get "$plain/empty"
is "$status $(cat out err)" '0 begin 0' 'an empty file'
run get "$plain/chunked"
same file 'in chunks'
says 'begin -1' 'the size is then not told'
run head "$plain/file" , head "$plain/norange"
is "$(cat out)" "5000003 ranges
5000003 whole" 'HEAD'

run get "$plain/norange" 1000
fails 'status 200' '200 in the place of 206'
is "$(wc -c <out)" 0 'nothing of it arrives'
run get "$plain/wrongrange" 1000 2000
fails 'status 206 0: '"$plain"'/wrongrange: the server replied 206, with other bytes' \
    'a wrong Content-Range'
run get "$plain/shortrange" 1000 2000
fails 'status 206' 'a range that is shorter than asked'
run get "$plain/encoded"
fails 'status 200' 'an encoding that was not asked for'
run get "$plain/redirect/x"
fails 'status 302' 'a redirection'
run get "$plain/status/500"
fails 'status 500' 'an error'
is "$(wc -c <out)" 0 'whose body is no data'
run -c home.crt get "$url/short"
fails 'broken 200' 'a byte less than announced'
run -c home.crt get "$url/chunked/cut"
fails 'broken 200' 'chunks without the last one'
run -c home.crt get "$url/open"
same file 'no length, and TLS that says goodbye'
run get "$plain/open"
same file 'no length, and no TLS'
run -c home.crt get "$url/open/cut"
fails 'broken 200' 'TLS that ends without a goodbye'
for server in "$url" "$plain"; do
    run -c home.crt get "$server/reset/3000000"
    fails 'broken 200' 'a reset'
    head -c "$(wc -c <out)" file >begin
    cmp -s begin out
    ok $? 'what came before it is right'
done
run -s 500 get "$plain/stall"
fails 'the server stalled' 'a stall'
run -a 300 get "$plain/stall"
fails 'interrupted' 'an interruption'
run -a 300 get "$plain/huge"
fails 'interrupted' 'also while bytes come'
run -f get "$plain/file"
fails 'local 200 0: the sink is full' "a sink's error is the error"
run -s 400 -b 2500000 get "$plain/file"
same file 'our own limit is no stall of the server'

# By ranges.
for n in 1 3 8; do
    run -h -n $n -c home.crt ranges "$url/file"
    is "$status $(cat out)" "0 $(sha256sum <file | cut -d' ' -f1)" "by $n connections"
    says 'begin 5000003' 'with the size'
done
run -c home.crt ranges "$url/file" 1000
same tail 'from a byte on'
run ranges "$plain/file" 5000003
is "$status $(wc -c <out)" '0 0' 'from the end on'
run ranges "$plain/file" 5000004
fails 'there is no byte 5000004' 'from behind it'
run ranges "$plain/file" 0 5000003
same file 'with the size that is expected'
run ranges "$plain/file?token=hidden" 0 5000002
fails '/file: it has 5000003 bytes, where 5000002 were expected' 'with another one'
run ranges "$plain/nohead" 0 5000003
same file 'without HEAD, the size being known'
run ranges "$plain/norange"
same file 'from a server without ranges'
run ranges "$plain/norange" 1000
fails 'status 200' 'which cannot go on in the middle'
run ranges "$plain/empty"
is "$status $(wc -c <out)" '0 0' 'an empty file'
run -r 30 -n 3 ranges "$plain/flaky"
same file 'every other request breaks: each piece is tried again'
[ "$(grep -c '^log: .*more in' err)" -ge 5 ]
ok $? 'from where it broke'
run -r 3 ranges "$plain/lost"
fails 'status 404' 'a file that goes away in the middle'
head -c "$(wc -c <out)" file >begin
cmp -s begin out
ok $? 'what came before it is right'
run ranges "$plain/wrongrange"
fails 'status 206' 'wrong ranges'
run -f ranges "$plain/file"
fails 'local 0 0: the sink is full' "a sink's error"
run -a 300 -b 1000000 ranges "$plain/file"
fails 'local' 'an interruption'
says 'interrupted' 'which is said'
tap_done
