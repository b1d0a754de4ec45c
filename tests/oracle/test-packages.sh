#!/bin/sh
# SPDX-License-Identifier: LGPL-3.0-or-later
# Package databases: what rpm and dpkg-query list, we list; 2,000 packages of
# each kind of rpm's; damaged ones are told, and end nothing.
. "$H2K_SOURCE/tests/tap.sh"
need sfdisk mke2fs mkswap cpio jq python3 rpm db5.3_load dpkg-query
trees=$H2K_SOURCE/tests/trees
cd "$tap_dir" || exit 1
mkdir tmp
export TMPDIR="$tap_dir/tmp"

# inspect HOOK: Debian's tree, changed by HOOK, into found.json.
inspect()
{
    "$trees/build-tree.sh" debian-12 guest.raw "$1" &&
        "$H2K_BUILD/hyper2kvm" inspect --json guest.raw >found.json 2>err
    ok $? "${2:-a guest} is inspected"
    jq -r '.packages[] | [.name, (if .epoch then "\(.epoch):" else "" end) +
        .version + (if .release == "" then "" else "-\(.release)" end), .arch] |
        @tsv' found.json | LC_ALL=C sort >ours
}

same()
{
    diff ours theirs >difference
    ok $? "$1 ($(wc -l <ours))"
    head -n 5 difference | sed 's/^/# /'
}

# This machine's own, made larger.
mkdir admin
dpkg-query -W -f '${Package} ${Version} ${Architecture} ${db:Status-Abbrev}\n' |
    while read -r name version arch status; do
        printf 'Package: %s\nStatus: %s\nArchitecture: %s\nVersion: %s\n' "$name" \
            "$(case $status in
                i*) echo install ok installed ;;
                *) echo deinstall ok config-files ;;
            esac)" "$arch" "$version"
        printf 'Maintainer: a <a@example.com>\nDescription: a\n b\n\n'
    done >admin/status
seq 2000 | while read -r n; do
    printf 'Package: more%s\nStatus: install ok installed\n' "$n"
    printf 'Architecture: all\nVersion: %s:1.%s~rc1-2\n' $((n % 3 + 1)) "$n"
    printf 'Maintainer: a <a@example.com>\nDescription: a\n b\n\n'
done >>admin/status
mkdir admin/info admin/updates
: >admin/available
dpkg-query --admindir=admin -W \
    -f '${db:Status-Abbrev}${Package}\t${Version}\t${Architecture}\n' 2>/dev/null |
    sed -n 's/^ii //p' | LC_ALL=C sort >theirs
inspect "cp '$tap_dir/admin/status' var/lib/dpkg/status" "2,000 packages of dpkg"
same "the list that dpkg-query gives"
[ "$(wc -l <ours)" -ge 2000 ]
ok $? "of all of them"

[ -x "$H2K_BUILD/hyper2kvm-rpm-packages" ] || {
    echo "# librpm is not there"
    tap_done
}
seq 2000 | while read -r n; do
    echo "package$n $((n % 2)) $n.1 $((n % 7)).el9 x86_64 /usr/bin/p$n /usr/lib/p$n/a"
done >list
echo 'kernel-core 0 5.14.0 427.el9 x86_64 /boot/vmlinuz-6.1.0-25-amd64' >>list
for kind in sqlite bdb ndb; do
    rm -rf "$kind"
    "$H2K_SOURCE/tests/rpm-database.py" $kind $kind <list
    inspect "rm -r var/lib/dpkg; mkdir -p var/lib/rpm
        cp '$tap_dir/$kind'/* var/lib/rpm" "2,000 packages of rpm in $kind"
    # rpm here cannot read NDB; the lists are the same.
    [ $kind = ndb ] ||
        rpm --dbpath "$PWD/$kind" -qa --qf '%{name}\t%{evr}\t%{arch}\n' \
            2>/dev/null | sed 's/\t0:/\t/' | LC_ALL=C sort >theirs
    same "$kind: the list that rpm gives"
    is "$(jq -r '.kernels[0].package' found.json)" kernel-core \
        "$kind: and whose the kernel is"
done

# Damage: what was said is quoted, and INSPECT goes on.
for kind in sqlite bdb ndb; do
    for file in "$kind"/rpmdb.sqlite "$kind"/Packages "$kind"/Packages.db; do
        [ -f "$file" ] || continue
        python3 - "$file" <<'PYTHON'
import random, sys
random.seed(7)
with open(sys.argv[1], "r+b") as file:
    data = bytearray(file.read())
    for _ in range(400):
        data[random.randrange(4096, len(data))] ^= 0xff
    file.seek(0)
    file.write(data)
    file.truncate(len(data) * 2 // 3)
PYTHON
    done
    inspect "rm -r var/lib/dpkg; mkdir -p var/lib/rpm
        cp '$tap_dir/$kind'/* var/lib/rpm" "a damaged database in $kind"
    is "$(jq -r .distro found.json)" debian "$kind: and the rest is known"
    jq -r .package_count found.json | sed "s/^/# packages of $kind: /"
done
inspect "rm -r var/lib/dpkg; mkdir -p var/lib/rpm; echo x >var/lib/rpm/Packages.db" \
    "no database"
"$H2K_BUILD/hyper2kvm" inspect guest.raw >out 2>&1
grep -q 'the list of packages is not whole: the rpm database: Packages.db' out
ok $? "and it is said"
is "$(ls tmp)" "" "no copy is left behind"
tap_done
