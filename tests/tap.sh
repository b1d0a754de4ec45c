# SPDX-License-Identifier: LGPL-3.0-or-later
# TAP for tests in shell: source it, then ok/is/skip, then tap_done.
# shellcheck shell=sh
tap_count=0
tap_failed=0
tap_dir=$(mktemp -d) || exit 1
trap 'rm -rf --one-file-system "$tap_dir"' EXIT
trap 'exit 1' HUP INT TERM

# ok STATUS NAME: STATUS is 0 for good, as in `cmp a b; ok $? "the same"`.
# Gives 1 where it was not good, so that `ok … || sed … log` shows why.
ok()
{
    tap_count=$((tap_count + 1))
    if [ "$1" -eq 0 ]; then
        echo "ok $tap_count - $2"
    else
        echo "not ok $tap_count - $2"
        tap_failed=$((tap_failed + 1))
        return 1
    fi
}

# is GOT EXPECTED NAME
is()
{
    [ "$1" = "$2" ]
    ok $? "$3"
    [ "$1" = "$2" ] || {
        printf '# got:      %s\n# expected: %s\n' "$1" "$2"
        return 1
    }
}

# need COMMAND...: ends the test where one is missing; in CI that fails.
need()
{
    for tap_tool in "$@"; do
        command -v "$tap_tool" >/dev/null && continue
        if [ -n "${H2K_REQUIRE_ORACLES:-}" ]; then
            echo "1..1"
            echo "not ok 1 - $tap_tool is not installed, and required here"
            exit 1
        fi
        echo "1..0 # SKIP $tap_tool is not installed"
        exit 0
    done
}

# For a test that mounts, as its first step: mounts of its own, as root.  Who
# else takes a copy of everybody's, as `unshare -m` does, would keep a
# filesystem in use after its umount, and the next mount would show the old one.
own_mounts()
{
    [ -z "${H2K_OWN_MOUNTS:-}" ] && [ "$(id -u)" -eq 0 ] &&
        unshare -m true 2>/dev/null || return 0
    rm -rf "$tap_dir"
    trap - EXIT
    H2K_OWN_MOUNTS=1 exec unshare -m "$0"
}

tap_done()
{
    echo "1..$tap_count"
    [ "$tap_failed" -eq 0 ]
    exit
}
