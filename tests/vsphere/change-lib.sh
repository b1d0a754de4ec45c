# SPDX-License-Identifier: LGPL-3.0-or-later
# For the tests of what changes a VM: source it after lib.sh.
# shellcheck shell=sh disable=SC2034,SC2154
cd "$tap_dir" || exit 1
change_bin=$H2K_BUILD/tests/vsphere/vsphere-change

# change COMMAND...: run it; what it says is in out and err, and how it ended
# in $rc.
change()
{
    "$change_bin" "${change_url:-$PEER_URL}" "$PEER_CA" "$PEER_PASSWORD_FILE" \
        "$@" >out 2>err
    rc=$?
}

# change_start COMMAND...: the same in the background; its id is in $pid.
change_start()
{
    : >out
    : >err
    "$change_bin" "${change_url:-$PEER_URL}" "$PEER_CA" "$PEER_PASSWORD_FILE" \
        "$@" >out 2>err &
    pid=$!
}

# await FILE PATTERN: until the file has such a line.
await()
{
    await_count=0
    until grep -q "$2" "$1"; do
        await_count=$((await_count + 1))
        if [ $await_count -gt 3000 ]; then
            echo "# waited in vain for '$2' in $1"
            return 1
        fi
        sleep 0.02
    done
}

# change_end SIGNAL: send it, wait; $rc is how it ended.
change_end()
{
    [ -z "$1" ] || kill -s "$1" "$pid"
    wait "$pid"
    rc=$?
}

# says WORDS NAME: the error has them.
says()
{
    grep -qF -- "$1" err
    says_rc=$?
    ok $says_rc "$2"
    [ $says_rc -eq 0 ] || sed 's/^/# /' err
}

# count EVENT: how many lines of the peer's log begin with it.
count()
{
    grep -c "^$1 " "$PEER_LOG"
}

# clean NAME: every lease that was begun has ended, and before the logout,
# which would have taken it with it; every snapshot that was made is gone, every
# session was logged out or ended by the server.
clean()
{
    clean_leases=$(awk '/^lease state=initializing/ { open++ }
        /^lease state=(error|done)/ { open-- }
        /^logout/ { left += open }
        END { print open + left }' "$PEER_LOG")
    clean_snapshots=$(($(count snapshot-create) - $(count snapshot-remove)))
    clean_sessions=$(($(count login) - $(count logout) - $(count session-expired)))
    is "$clean_leases $clean_snapshots $clean_sessions" '0 0 0' \
        "$1: no lease, snapshot or session is left"
}
