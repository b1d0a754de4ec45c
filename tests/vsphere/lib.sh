# SPDX-License-Identifier: LGPL-3.0-or-later
# The vSphere peer for tests in shell: source it after tests/tap.sh.  See
# README.md.
# shellcheck shell=sh disable=SC2034,SC2154

peer_here=$H2K_SOURCE/tests/vsphere
peer_pids=
trap 'peer_stop; rm -rf "$tap_dir"' EXIT

# peer_need: ends the test where the peer cannot be built.
peer_need()
{
    need openssl curl go
    if [ ! -d /usr/share/gocode/src/github.com/vmware/govmomi/simulator ]; then
        need golang-github-vmware-govmomi-dev
    fi
    peer_bin=$("$peer_here/build-peer.sh") || exit 1
}

# A CA, and a certificate of its for localhost; once per test.
peer_certificate()
{
    PEER_CA=$tap_dir/ca.pem
    [ ! -s "$tap_dir/server.pem" ] || return 0
    "$peer_here/make-certs.sh" "$tap_dir" || exit 1
}

# peer_wait FILE PID: waits for the line that says where it listens.
peer_wait()
{
    peer_tries=0
    until grep -q '^http' "$1"; do
        peer_tries=$((peer_tries + 1))
        if ! kill -0 "$2" 2>/dev/null || [ $peer_tries -gt 6000 ]; then
            sed 's/^/# /' "$1.err"
            echo "Bail out! the peer did not start"
            exit 1
        fi
        sleep 0.02
    done
    sed -n '/^http/{p;q;}' "$1"
}

# peer_start [FLAG...]: a peer, with a log unless -plain is among the flags.
peer_start()
{
    [ -n "${peer_bin:-}" ] || peer_need
    peer_certificate
    PEER_USER=root
    PEER_PASSWORD='Pass&word "1"'
    PEER_PASSWORD_FILE=$tap_dir/password
    (umask 077 && printf '%s\n' "$PEER_PASSWORD" >"$PEER_PASSWORD_FILE")
    peer_count=$((${peer_count:-0} + 1))
    PEER_LOG=$tap_dir/peer$peer_count.log
    PEER_CONTROL=$tap_dir/peer$peer_count.control
    : >"$PEER_LOG"
    case " $* " in
    *' -plain '*) ;;
    *) set -- -log "$PEER_LOG" -control "$PEER_CONTROL" "$@" ;;
    esac
    peer_out=$tap_dir/peer$peer_count.out
    : >"$peer_out"
    TMPDIR=$tap_dir "$peer_bin/peer" -with-parent \
        -cert "$tap_dir/server.pem" -key "$tap_dir/server.key" \
        -user "$PEER_USER" -password-file "$PEER_PASSWORD_FILE" "$@" \
        >"$peer_out" 2>"$peer_out.err" &
    PEER_PID=$!
    peer_pids="$peer_pids $PEER_PID"
    PEER_URL=$(peer_wait "$peer_out" "$PEER_PID") || { echo "$PEER_URL"; exit 1; }
}

# peer_order LINE...: to be obeyed when the next request comes.
peer_order()
{
    printf '%s\n' "$@" >"$PEER_CONTROL.new"
    mv "$PEER_CONTROL.new" "$PEER_CONTROL"
}

# proxy_start [FLAG...]: a fault proxy before the peer, as
# proxy_start -rule '/nfc/:reset:100000:1'
proxy_start()
{
    peer_count=$((peer_count + 1))
    PROXY_LOG=$tap_dir/proxy$peer_count.log
    peer_out=$tap_dir/proxy$peer_count.out
    : >"$peer_out"
    : >"$PROXY_LOG"
    "$peer_bin/proxy" -with-parent -to "$PEER_URL" -ca "$PEER_CA" \
        -certs "$tap_dir" -log "$PROXY_LOG" "$@" \
        >"$peer_out" 2>"$peer_out.err" &
    PROXY_PID=$!
    peer_pids="$peer_pids $PROXY_PID"
    PROXY_URL=$(peer_wait "$peer_out" "$PROXY_PID") || { echo "$PROXY_URL"; exit 1; }
}

# peer_stop: ends what was started, and waits for it.
peer_stop()
{
    for peer_pid in $peer_pids; do
        kill "$peer_pid" 2>/dev/null
    done
    for peer_pid in $peer_pids; do
        wait "$peer_pid" 2>/dev/null
    done
    peer_pids=
}
