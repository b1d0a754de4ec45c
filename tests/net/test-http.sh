#!/bin/sh
# SPDX-License-Identifier: LGPL-3.0-or-later
# Requests: cookies, limits, failures, trying again, proxies.
set -u
. "$H2K_SOURCE/tests/net/lib.sh"
printf 'hello' >file
ca home
cert server home 'DNS:localhost,IP:127.0.0.1,IP:127.0.0.2'
serve port --tls server.pem file
serve plain_port file
serve far_port --tls server.pem --address 127.0.0.2 file
serve bare_port --address 127.0.0.2 file
bare=http://127.0.0.2:$bare_port
url=https://127.0.0.1:$port
plain=http://127.0.0.1:$plain_port
far=https://127.0.0.2:$far_port

run -c home.crt call "$url/echo/x" POST '<soap/>'
is "$status $(head -n 1 out) $(tail -n 1 out)" '0 POST /echo/x <soap/>' 'a POST'
grep -q '^User-Agent: hyper2kvm/' out
ok $? 'says who asks'
! grep -qE '^(Expect|Content-Type|Cookie):' out
ok $? 'and nothing that it was not told'
run -c home.crt call "$url/echo" PUT data
is "$(head -n 1 out)" 'PUT /echo' 'another method'
run -c home.crt call "$url/status/500"
fails 'status 500' 'a status that is not 2xx fails'
is "$(cat out)" '<fault/>' 'and its body is there'
run -c home.crt call "$url/status/404"
fails "$url/status/404: the server replied 404 (not found)" 'with words'
run -c home.crt call "$url/redirect/secret=1"
fails 'status 302' 'a redirection is not followed'
run -c home.crt call "$url/encoded"
is "$status $(cat out)" '0 plain words' 'a compressed reply'
run -l 1000000 -c home.crt call "$url/huge"
fails 'larger than the limit of 1000000 bytes' 'a huge reply'
run -c home.crt call "$url/headers"
fails 'broken 200' 'endless headers'

# Cookies.
for form in plain quoted; do
    run -c home.crt call "$url/cookie/$form" , call "$url/echo" , \
        cookies "$url/" , cookies "$far/" , call "$far/echo"
    value=abc-1
    [ $form = plain ] || value='"abc-1"'
    is "$(grep -c "^Cookie: vmware_soap_session=$value\$" out)" 1 \
        "a $form cookie goes back to its server, and to no other"
    is "$(grep "^vmware" out)" "vmware_soap_session=$value" 'it can be asked for'
done
run -c home.crt cookie "$far/folder" 'ticket="a=b-c"; Path=/x; Secure; HttpOnly' , \
    call "$far/echo" , call "$url/echo"
is "$(grep '^Cookie' out)" 'Cookie: ticket="a=b-c"' 'one can be set for another host'
run -c home.crt lend "$far/echo/disk" 'ticket=1; Secure' , call "$far/echo/disk" , \
    call "$far/echo/a/b" , call "$far/echoes" , call "$far/echo?x" , call "$url/echo/disk"
is "$(grep -B 9 '^Cookie: ticket=1' out | grep '^GET')" 'GET /echo/disk
GET /echo/a/b' 'one that is lent to a folder goes nowhere else'
run cookie "$bare/" 'a=1; Secure' , cookie "$bare/" b=2 , call "$bare/echo" , \
    cookies "$bare/"
is "$(grep -c '^Cookie: b=2$' out) $(tail -n 1 out)" '1 b=2' \
    'a Secure one does not go where there is no TLS'
run cookie "$plain/" "$(printf 'a=1\tx')"
fails 'a cookie is NAME=VALUE' 'no tabs in cookies'

# Failures.
run call "http://127.0.0.1:1/"
fails 'refused 0' 'no server there'
run call "https://no-such-host.invalid/"
fails 'refused 0' 'no such name'
run call 'https://'
fails 'local 0' 'no URL'
run -s 500 call "$plain/silent"
fails 'broken 0 0: '"$plain"'/silent: the server stalled' 'a server that says nothing'
run -s 500 call "$plain/stall"
fails 'the server stalled' 'a server that stops in the middle'
run -s 2000 call "$plain/slow"
is "$status $(wc -c <out)" '0 40' 'slow bytes are no stall'
run -m 500 call "$plain/slow"
fails 'broken 200 0: '"$plain"'/slow: it was not done in time' 'but may be too slow'
run -a 300 call "$plain/silent"
fails 'local 0 0: interrupted' 'an interruption ends the wait'
run interrupt , call "$plain/file"
fails 'local 0 0: interrupted' 'and what comes after it'
run -u -m 30000 interrupt , call "$plain/file"
is "$status $(cat out)" '0 hello' 'but not what cleans up'
run call "$plain/reset/2"
fails 'broken 200' 'a reset'
run call "$plain/file" , call "$plain/swallow" POST x , call "$plain/count/swallow"
is "$(tail -c 1 out)" 1 'a request that may have been obeyed is not repeated'
fails 'broken 0' 'but fails'

# Trying again.
run -r 3 call "$plain/busy/x"
is "$status $(cat out) $(grep -c '^log: .*503.*more in' err)" '0 done 2' \
    'Retry-After in seconds'
run call "$plain/busy/y"
fails 'status 503 1:' 'is told'
run -r 3 call "$plain/busy/date"
is "$status $(cat out)" '0 done' 'Retry-After as a date'
run -r 3 call "$plain/busy/later"
fails 'status 503' 'nobody waits for a day'
run -r 3 call "$plain/status/404"
is "$(grep -c '^log' err)" 0 'a 404 is not tried again'
run -r 2 call "http://127.0.0.1:1/"
is "$(grep -c '^log' err)" 2 'no connection is'
run -a 500 -r 100 call "http://127.0.0.1:1/"
is "$status" 1 'waiting ends with an interruption'

# Proxies.
https_proxy=http://127.0.0.1:$plain_port
export https_proxy
run -c home.crt call "$url/file"
is "$status $(cat out)" '0 hello' 'by a proxy of the environment'
no_proxy=127.0.0.1
export no_proxy
run -c home.crt call "$url/file"
is "$status $(cat out)" '0 hello' 'and past it'
run -c home.crt call "$plain/count/connect"
is "$(cat out)" 1 'once each'
unset no_proxy
run call https://127.0.0.1:407/
fails 'refused 0 0: https://127.0.0.1:407/: the proxy replied 407' 'a proxy that refuses'
tap_done
