#!/bin/bash
# SPDX-License-Identifier: LGPL-3.0-or-later
# test-selinux.sh: a real guest whose SELinux enforces, migrated with users,
# services, a name and a network put into it, comes up on virtio enforcing; all
# that FIX made or replaced has the label that the guest's own policy gives it;
# and nothing is denied that was not denied on VMware's hardware, least of all
# one of those files.  In TAP.
# shellcheck source=../tap.sh
. "$H2K_SOURCE/tests/tap.sh"
# shellcheck source=row.sh
. "$H2K_SOURCE/tests/guest/row.sh"
need qemu-system-x86_64 jq

scripts=$H2K_SOURCE/tests/guest
kinds=$scripts/kinds
# shellcheck source=/dev/null
. "$kinds/debian12-selinux.sh"
guest=$("$scripts/guest.sh" debian12-selinux)
ok $? "the guest: built, or in the cache"
[ -n "$guest" ] || tap_done
cd "$tap_dir" || exit 1

# Run in the guest: what is denied, by whom, of which name and with which types.
look()
{
    cat <<'END'
echo "SE mode $(getenforce)"
{
    dmesg | cat # before auditd was there
    cat /var/log/audit/audit.log
} | grep -a 'avc: *denied' | tr -d '"' | tr ' ' '\n' | awk -F= '
    function type(x) { split(x, part, ":"); return part[3] }
    /^avc:/ { name = "-" }
    /^comm=/ { who = $2 }
    /^(name|path)=/ { name = $2 }
    /^scontext=/ { from = type($2) }
    /^tcontext=/ { to = type($2) }
    /^tclass=/ { print "SE denied", who, name, from, to, $2 }' | LC_ALL=C sort -u
END
}

# boots WHAT BUS DISK: what it told is left in the file WHAT
boots()
{
    local what=$1 bus=$2 status
    "$scripts/boot.sh" --snapshot --bus "$bus" --timeout 1800 \
        --run run --log "$what.console" "$3" >say 2>&1
    status=$?
    ok $status "$what: it comes up on $bus"
    sed 's/^/# /' say
    tr -d '\r' <"$what.console" | grep -aoE 'SE (mode|label|gone|looked|denied) .*' \
        >"$what"
    is "$(sed -n 's/^SE mode //p' "$what")" Enforcing "$what: SELinux enforces"
}

look >run
boots before pvscsi "$(echo "$guest"/*-disk1.vmdk)"

cat >configuration.json <<'END'
{
    "users": { "create": [{
        "name": "deploy", "groups": ["adm"], "sudo": "ALL=(ALL) NOPASSWD: ALL",
        "ssh_authorized_keys": ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAA x"]
    }] },
    "services": { "enable": ["systemd-networkd"], "mask": ["systemd-pstore.service"] },
    "hostname": {
        "hostname": "web01", "hosts": [{ "ip": "10.0.2.9", "hostname": "db01" }]
    },
    "network": { "systemd_networkd": [{
        "filename": "10-spare.network", "content": "[Match]\nMACAddress=00:50:56:aa:bb:99\n"
    }] }
}
END
jq --arg guest "$guest/" --slurpfile configuration configuration.json '
    .disks[].local_path |= $guest + . | .configuration = $configuration[0]' \
    "$guest/artifact-manifest.json" >manifest.json
"$H2K_BUILD/hyper2kvm" --manifest manifest.json --output-dir out >log 2>&1
ok $? "the pipeline ends well"
grep -v ' %$' log | sed 's/^/# /'
jq -r '.changes[].file' out/report.json | LC_ALL=C sort -u >files
[ -s files ]
ok $? "$(wc -l <files) files were made or replaced"

# And each directory above them, which may be new as well.  Then one with a
# label that the policy has for others, to see that it is found.
wrong=/etc/shadow.wrong
while read -r file; do
    while [ "$file" != / ]; do
        echo "$file"
        file=$(dirname "$file")
    done
done <files | LC_ALL=C sort -u >paths
echo $wrong >>paths
{
    look
    echo ": >$wrong"
    cat <<'END'
while read -r file; do
    if [ -e "$file" ] || [ -L "$file" ]; then
        echo "SE looked at $file: $(stat -c %C "$file")"
        restorecon -nvF "$file" 2>&1 | sed 's/^/SE label /'
        matchpathcon -V "$file" | grep -v ' verified.$' | sed 's/^/SE label /'
    else
        echo "SE gone $file"
    fi
done <<'PATHS'
END
    cat paths
    echo PATHS
} >run
boots after virtio-blk "$(jq -r '.artifacts[0].path' out/report.json)"
sed -n 's/^SE looked/# looked/p' after
is "$(grep -c '^SE looked' after)" "$(wc -l <paths)" \
    "after: it has looked at the files, and at the directories above them"
is "$(grep '^SE label' after | grep -c $wrong)" 2 "after: a wrong label is found"
is "$(grep -E '^SE (label|gone)' after | grep -v $wrong)" "" \
    "after: each has the label of the guest's policy"
for what in before after; do
    grep '^SE denied' $what | tee $what.denied | sed "s/^SE/# $what:/"
done
sed 's|.*/||' files >names
is "$(cut -d' ' -f4 after.denied | sed 's|.*/||' | grep -Fxf names)" "" \
    "after: nothing is denied of those files"
is "$(LC_ALL=C comm -13 before.denied after.denied)" "" \
    "after: nothing is denied that was not before"
declare -A row=([guest]=debian12-selinux [about]=${about:-} [vmware]=up
    [virtio-blk]=up)
[ "$tap_failed" -ne 0 ] || row_save selinux
tap_done
