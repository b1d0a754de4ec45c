# SPDX-License-Identifier: LGPL-3.0-or-later
# vsphere-tool for tests: source it after lib.sh.
# shellcheck shell=sh disable=SC2154
cd "$tap_dir" || exit 1
tool_bin=$H2K_BUILD/tests/vsphere/vsphere-tool

# tool [-OPTION...] COMMAND [ARGUMENT...]: into the files out and err; rc.
tool()
{
    tool_options=
    while case $1 in -*) ;; *) false ;; esac; do
        tool_options="$tool_options $1"
        shift
    done
    # shellcheck disable=SC2086
    timeout 120 "$tool_bin" -c "$PEER_CA" $tool_options "${URL:-$PEER_URL}" \
        "$PEER_USER" "${PASSWORD_FILE:-$PEER_PASSWORD_FILE}" "$@" >out 2>err
    rc=$?
}

# says STATUS WORDS NAME: the last tool failed with these words.
says()
{
    tool_status=$1 tool_words=$2
    [ "$rc" -eq "$tool_status" ] && grep -qF -- "$tool_words" err
    ok $? "$3"
    [ "$rc" -eq "$tool_status" ] && grep -qF -- "$tool_words" err ||
        { echo "# status $rc"; sed 's/^/# /' err; }
}

# paths: of the rows in out, in one line.
paths()
{
    cut -d' ' -f2 out | tr '\n' ' '
}

count()
{
    grep -c "$1" "$PEER_LOG"
}
