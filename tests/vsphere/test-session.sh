#!/bin/sh
# SPDX-License-Identifier: LGPL-3.0-or-later
# Connecting, staying connected, and servers that are none.
. "$H2K_SOURCE/tests/tap.sh"
. "$H2K_SOURCE/tests/vsphere/lib.sh"
peer_need
. "$H2K_SOURCE/tests/vsphere/tool-lib.sh"
peer_start

tool about
is "$rc $(count '^login ') $(count '^logout ')" '0 1 1' 'in and out'
URL=$(echo "$PEER_URL" | sed 's|^https://\(.*\)/sdk$|\1|')
tool about
is "$rc" 0 'a host and port alone'

# ---- Users and passwords ----

printf 'secret-%s\n' '<&>wrong' >wrong
chmod 600 wrong
PASSWORD_FILE=$tap_dir/wrong
tool about
says 2 "the user name 'root' or its password is wrong" 'a wrong password'
grep -q secret- err
is $? 1 'it is not shown'
PASSWORD_FILE=
URL="https://root:hunter2@${PEER_URL#https://}"
tool about
says 2 "the server's URL has a password" 'a password in the URL'
grep -q hunter2 err
is $? 1 'it is not shown either'

# ---- No vSphere ----

URL=${PEER_URL%/sdk}/nothing
tool about
says 3 '/nothing is no vSphere server: ' 'another path of a server'
URL=https://127.0.0.1:1
tool about
says 3 '127.0.0.1:1' 'nobody listens'
URL=ftp://127.0.0.1
tool about
says 2 "begins with 'ftp://'" 'another scheme'
URL=
peer_stop

for name in entity-bomb external-entity deep endless-text endless-items \
    endless-name wrong-root wrong-reply empty empty-body not-xml truncated; do
    peer_start -hostile $name
    tool about
    is "$rc" 3 "$name instead of a service"
    peer_stop
    peer_start -hostile $name:RetrievePropertiesEx
    tool list
    is "$rc $(wc -c <out)" '3 0' "$name instead of properties"
    is "$(count '^logout ')" 1 'and it still logs out'
    peer_stop
done

# ---- A session that ends ----

peer_start -expire-after 12
tool storm 8 vm-27
is "$rc $(count session-expired) $(count '^login ') $(count '^logout ')" \
    '0 1 2 1' 'eight threads log in again once'
peer_stop

peer_start -fault RetrievePropertiesEx:2:503
tool list
is "$rc $(grep -c DC0 out)" '0 2' 'a server that is busy is asked again'
peer_stop

peer_start -fault RetrievePropertiesEx:1:NoPermission
tool list
says 3 'RetrievePropertiesEx: NoPermission: ' 'a fault is told by its name'
peer_stop

# Nothing is done here: the session is looked after all the same.
peer_start
timeout 300 "$tool_bin" -k 50 -c "$PEER_CA" "$PEER_URL" "$PEER_USER" \
    "$PEER_PASSWORD_FILE" hold >out 2>err &
pid=$!
tries=0
while [ "$(count method=RetrievePropertiesEx)" -lt 3 ] && [ $tries -lt 2000 ]; do
    tries=$((tries + 1))
    sleep 0.05
done
[ "$(count method=RetrievePropertiesEx)" -ge 3 ]
ok $? 'an idle session is kept alive'
tries=0
peer_order expire
while [ "$(count '^login ')" -lt 2 ] && [ $tries -lt 2000 ]; do
    tries=$((tries + 1))
    sleep 0.05
done
is "$(count '^login ')" 2 'and renewed where it ended'
kill -INT $pid
wait $pid
is "$? $(count '^logout ')" '130 1' 'an interruption still logs out'
tap_done
