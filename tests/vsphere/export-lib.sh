# SPDX-License-Identifier: LGPL-3.0-or-later
# Machines with real disks, and hyperexport on them; source it after lib.sh.
# shellcheck shell=bash disable=SC2034,SC2154

need qemu-img jq python3
cd "$tap_dir" || exit 1
export HOME=$tap_dir/home
mkdir -p "$HOME" got
unset "${!GOVC_@}"

# disk NAME MIB SEED: NAME.raw with data and holes, and the streamOptimized
# NAME.vmdk that qemu-img makes of it.
disk()
{
    python3 - "$1.raw" "$2" "$3" <<'END'
import random, sys
name, mib, seed = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
r = random.Random(seed)
with open(name, "wb") as f:
    for i in range(mib * 4):
        if (i + seed) % 3:
            f.seek(i << 18)
            f.write(r.randbytes(200000))
    f.truncate(mib << 20)
END
    qemu-img convert -f raw -O vmdk -o subformat=streamOptimized \
        "$1.raw" "$1.vmdk" || exit 1
}

# hx VM DIRECTORY OPTION...: the status is in $status.
hx()
{
    local vm=$1 out=$2
    shift 2
    timeout 120 "$H2K_BUILD/hyperexport" --url "${URL:-$PEER_URL}" \
        --username "$PEER_USER" --password-file "$PEER_PASSWORD_FILE" \
        --ca-file "$PEER_CA" --vm "$vm" --output "$out" "$@" \
        >got/out 2>got/err </dev/null
    status=$?
}

# shown: what the last run said, for a test that failed.
shown()
{
    tail -n 20 got/err | sed 's/^/# /'
}

# done_well NAME
done_well()
{
    is "$status" 0 "$1"
    [ "$status" -eq 0 ] || shown
}

# whole DIRECTORY BASE RAW...: each disk is what RAW is, the .mf and the
# manifest are right, and nothing else is there.
whole()
{
    local dir=$1 base=$2 n=0 raw
    shift 2
    (cd "$dir" && sha256sum --quiet -c "$base.mf") || return 1
    for raw in "$@"; do
        n=$((n + 1))
        qemu-img compare -q -f raw -F vmdk "$raw" "$dir/$base-disk$n.vmdk" ||
            return 1
    done
    [ "$(find "$dir" -name "$base-disk*" ! -name '*-flat.vmdk' | wc -l)" -eq $n ] &&
        no_leftovers "$dir"
}

# no_leftovers DIRECTORY: nothing but what has its final name.
no_leftovers()
{
    [ -z "$(find "$1" -name '*partial*' -o -name '*state*')" ]
}

# nothing_published DIRECTORY: no file has a final name.
nothing_published()
{
    [ ! -e "$1" ] || [ -z "$(find "$1" -type f ! -name '*.hyper2kvm-partial' \
        ! -name '*.hyperexport-state.json')" ]
}

# quiet_server: what was begun in the server since the last call of
# new_events was ended: each lease completed or aborted, or over by itself,
# and each snapshot removed.
quiet_server()
{
    local ids id
    events >got/events
    ids=$(sed -n 's/^lease state=initializing .*id=\([^ ]*\).*/\1/p' got/events)
    for id in $ids; do
        grep -F "id=$id" got/events |
            grep -Eq '^lease state=(done|error)' || return 1
    done
    ids=$(sed -n 's/^snapshot-create .*[ ]id=\([^ ]*\).*/\1/p' got/events)
    for id in $ids; do
        grep -q "^snapshot-remove id=$id " got/events || return 1
    done
}

event_start=1
new_events() { event_start=$(($(wc -l <"$PEER_LOG") + 1)); }
events() { tail -n "+$event_start" "$PEER_LOG"; }

# happened PATTERN: an event since new_events.
happened()
{
    events | grep -Eq "$1"
}
