#!/bin/sh
# SPDX-License-Identifier: LGPL-3.0-or-later
# Passwords: where they come from, and that they are gone afterwards.
set -u
. "$H2K_SOURCE/tests/net/lib.sh"
printf 'hello' >file
ca home
cert server home 'DNS:localhost,IP:127.0.0.1'
serve port --tls server.pem file
serve plain_port file


word=correct-horse-battery
for target in "https://localhost:$port/status/200" "http://localhost:$plain_port/status/200" \
    "https://localhost:$port/status/500"; do
    : >said
    printf '%s\n' $word >secret
    "$fetch" -c home.crt secret "$target" <secret >said 2>err &
    pid=$!
    for _ in $(seq 600); do
        grep -q '^forgotten' said && break
        sleep 0.1
    done
    grep -q '^forgotten' said
    ok $? "posted to $target"
    is "$(python3 "$H2K_SOURCE/tests/net/scan.py" $word $pid)" 0 \
        'no memory of it is left'
    kill $pid
done

# At a terminal.
typed()
{
    timeout 60 python3 "$H2K_SOURCE/tests/net/prompt.py" "$fetch" "$1" |
        tr -s '\r\n' ' '
}
is "$(typed type)" 'quiet not shown got hunter2 status 0 ' 'typed, and not shown'
is "$(typed interrupt)" 'quiet not shown signal 2 ' 'interrupted while it is typed'
is "$(typed stop)" 'quiet stopped echoing not shown got hunter2 status 0 ' \
    'stopped, with the terminal as it was, and going on'
setsid -w "$fetch" prompt >out 2>err </dev/null
status=$?
fails 'there is no terminal' 'no terminal'
tap_done
