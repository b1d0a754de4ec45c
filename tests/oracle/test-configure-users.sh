#!/bin/sh
# SPDX-License-Identifier: LGPL-3.0-or-later
# Users made, changed, locked and removed by us and by shadow-utils on a copy of
# the same tree: the same databases and homes come of it, which pwck and grpck
# find in order; visudo takes every rule that we take, and refuses none that we
# do.
. "$H2K_SOURCE/tests/tap.sh"
PATH=$PATH:/usr/sbin:/sbin
need useradd usermod userdel pwck grpck visudo openssl
if [ "$(id -u)" -ne 0 ]; then
    echo "1..0 # SKIP shadow-utils want root"
    exit 0
fi
tool=$H2K_BUILD/tests/oracle/configure-tool
today=$(($(date +%s) / 86400))
now=$((today * 86400 + 4000))
cd "$tap_dir" || exit 1
hash=$(openssl passwd -6 -salt abcdefgh x)

mkdir -p tree/etc/default tree/etc/skel/.config tree/home tree/bin tree/root
cat >tree/etc/passwd <<'END'
root:x:0:0:root:/root:/bin/bash
daemon:x:1:1:daemon:/:/usr/sbin/nologin
ann:x:1000:1000:Ann:/home/ann:/bin/bash
old:x:1003:1003::/home/old:/bin/bash
END
printf 'root:*:19000:0:99999:7:::\ndaemon:*:19000:0:99999:7:::\nann:%s:19000:0:99999:7:::\nold:%s:19000:0:99999:7:::\n' \
    "$hash" "$hash" >tree/etc/shadow
printf 'root:x:0:\ndaemon:x:1:\nsudo:x:27:ann,old\nadm:x:4:old\nann:x:1000:\nold:x:1003:\nusers:x:100:\nextra:x:1005:\n' \
    >tree/etc/group
printf 'root:*::\ndaemon:*::\nsudo:*::ann,old\nadm:*::old\nann:!::\nold:!::\nusers:*::\nextra:!::\n' \
    >tree/etc/gshadow
chmod 640 tree/etc/shadow tree/etc/gshadow
echo 'ann:100000:65536' >tree/etc/subuid
cp tree/etc/subuid tree/etc/subgid
cat >tree/etc/login.defs <<'END'
MAIL_DIR /var/mail
PASS_MAX_DAYS 99999
PASS_MIN_DAYS 0
PASS_WARN_AGE 7
UID_MIN  1000
UID_MAX 60000
GID_MIN  1000
GID_MAX 60000
UMASK 022
HOME_MODE 0750
USERGROUPS_ENAB yes
ENCRYPT_METHOD SHA512
END
echo 'SHELL=/bin/bash' >tree/etc/default/useradd
echo x >tree/etc/skel/.profile
ln -s .profile tree/etc/skel/.rc
echo s >tree/etc/skel/.config/secret
chmod 600 tree/etc/skel/.config/secret
: >tree/bin/bash
chmod 700 tree/root
mkdir -m 700 tree/home/ann tree/home/old
chown 1000:1000 tree/home/ann
chown 1003:1003 tree/home/old

# homes TREE: what is in them, whose, with which modes.
homes()
{
    (cd "$1/home" && find . -printf '%p %m %U:%G %l\n' | sort)
}

# same NAME CONFIGURATION COMMAND...: what the command makes of a copy, with
# --prefix DIR as its first option, and what we make of the configuration.
same()
{
    name=$1
    printf '%s\n' "$2" >configuration
    shift 2
    rm -rf theirs ours
    cp -a tree theirs
    while [ $# -gt 0 ]; do # commands are parted by ";"
        command=$1
        shift
        arguments=
        while [ $# -gt 0 ] && [ "$1" != ";" ]; do
            arguments="$arguments '$1'"
            shift
        done
        [ $# -eq 0 ] || shift
        # Its own skeleton, where it would take this machine's.
        [ "$command" != useradd ] || arguments="-k '$tap_dir/tree/etc/skel' $arguments"
        eval "$command --prefix '$tap_dir/theirs' $arguments" >>theirs.log 2>&1
    done
    "$tool" tree configuration ours $now >ours.log 2>&1
    ok $? "$name: is put in"
    for file in passwd shadow group gshadow subuid subgid; do
        [ -e "tree/etc/$file" ] || continue
        diff "theirs/etc/$file" "ours/etc/$file" >diff.out
        ok $? "$name: the same $file"
        sed 's/^/# /' diff.out
    done
    is "$(homes ours)" "$(homes theirs)" "$name: the same homes"
    grep -qx 'second 0' ours.log
    ok $? "$name: a second time changes nothing"
    for file in ours/etc/*.backup.hyper2kvm.*; do
        [ -e "$file" ] || continue
        original=tree/etc/$(basename "${file%%.backup.*}")
        cmp "$original" "$file" && [ "$(stat -c '%a %u:%g' "$original")" = \
            "$(stat -c '%a %u:%g' "$file")" ]
        ok $? "$name: $(basename "$file") is what was there"
    done
    pwck -rq ours/etc/passwd ours/etc/shadow >pwck.log 2>&1
    grep -v -e directory -e 'no group' -e 'no changes' pwck.log >pwck.bad
    is "$(cat pwck.bad)" "" "$name: pwck finds nothing"
    [ -e ours/etc/gshadow ] || return 0
    grpck -r ours/etc/group ours/etc/gshadow >grpck.log 2>&1
    grep -v -e 'no user' -e 'no changes' -e 'delete member' grpck.log >grpck.bad
    is "$(cat grpck.bad)" "" "$name: grpck finds nothing"
}

same "a user" 'users: {create: [{name: bob}]}' \
    useradd -m -s /bin/bash bob
same "another number" 'users: {create: [{name: bob, uid: 1500}]}' \
    useradd -m -s /bin/bash -u 1500 bob
same "a number whose group is taken" 'users: {create: [{name: bob, uid: 1005}]}' \
    useradd -m -s /bin/bash -u 1005 bob
same "a primary group" 'users: {create: [{name: bob, gid: 100}]}' \
    useradd -m -s /bin/bash -g 100 bob
same "all of it" "users: {create: [{name: bob, comment: 'Bob B.', home: /home/b, shell: /bin/sh, groups: [sudo, users], password: '$hash'}]}" \
    useradd -m -s /bin/sh -c 'Bob B.' -d /home/b -G sudo,users -p "$hash" bob
same "two users" 'users: {create: [{name: bob}, {name: cid, groups: [extra]}]}' \
    useradd -m -s /bin/bash bob ';' useradd -m -s /bin/bash -G extra cid
same "a change" "users: {create: [{name: ann, comment: A, shell: /bin/sh, groups: [users, sudo]}]}" \
    usermod -c A -s /bin/sh -a -G users,sudo ann
same "another password" "users: {create: [{name: ann, password: '${hash%?}.'}]}" \
    usermod -p "${hash%?}." ann
same "a lock" 'users: {create: [{name: ann, lock: true}]}' usermod -L ann
same "one that is disabled" 'users: {disable: [ann]}' usermod -L -e 1 ann
same "one that is removed" 'users: {delete: [old]}' userdel old
same "a member of another group that has its name" \
    'users: {delete: [ann]}' userdel ann
sed -i 's/^old:x:1003:.*/old:x:1003:ann/' tree/etc/group
sed -i 's/^old:!::.*/old:!::ann/' tree/etc/gshadow
same "one whose group others use" 'users: {delete: [old]}' userdel old
sed -i '/^old:/d' tree/etc/group tree/etc/gshadow
same "one without its group" 'users: {delete: [old]}' userdel old
sed -i 's/^USERGROUPS_ENAB.*/USERGROUPS_ENAB no/' tree/etc/login.defs
echo 'GROUP=100' >>tree/etc/default/useradd
same "without groups of their own" 'users: {create: [{name: bob}]}' \
    useradd -m -s /bin/bash bob
rm tree/etc/gshadow
same "without gshadow" 'users: {create: [{name: bob, groups: [sudo]}]}' \
    useradd -m -s /bin/bash -G sudo bob

# ---- Rules for sudo ----

# judge RULE: what we and visudo make of it.
judge()
{
    printf 'bob %s\n' "$1" >rule
    printf '%s' "$1" | "$(command -v python3)" -c \
        'import json,sys; print(json.dumps({"users": {"create": [{"name": "bob", "sudo": sys.stdin.read()}]}}))' \
        >configuration
    visudo -cqf rule >/dev/null 2>&1
    theirs=$?
    rm -rf ours
    "$tool" tree configuration ours $now >ours.log 2>&1
    mine=$?
}
while IFS= read -r rule; do
    judge "$rule"
    is "$mine $theirs" "0 0" "a rule that both take: $rule"
done <<'END'
ALL=(ALL) ALL
ALL=(ALL:ALL) NOPASSWD: ALL
ALL = (root) NOPASSWD:NOEXEC: /bin/ls, /usr/bin/less /var/log/*
www1, !www2 = (www : adm) /bin/x a\,b, !/bin/y
ALL=(root) /a b\:c : web = (www) /d
ALL=(daemon) CWD=/srv NOPASSWD: /bin/ls
10.0.0.0/8=/sbin/halt, sudoedit /etc/motd
ALL=(#33) ALL
ALL=NOPASSWD:SETENV: /bin/systemctl restart app.service
ALL=(ALL) NOPASSWD: LOG_OUTPUT: ALL
ALL=() ALL
ALL=(:adm) ALL
END
# What we refuse need not be wrong; what is wrong we refuse.
while IFS= read -r rule; do
    judge "$rule"
    [ $theirs -ne 0 ] && [ $mine -eq 5 ]
    ok $? "a rule that both refuse: $rule"
done <<'END'
ALL
ALL=
=(ALL) ALL
ALL=(ALL ALL
ALL=(ALL) NOPASSWD ALL
ALL=(ALL) NOPASWD: ALL
ALL=(ALL) ls
ALL=(ALL) ALL,
ALL=(ALL) ALL ALL
ALL=(ALL) ALL : 
ALL=CWD=/srv (x) /bin/ls
ALL=(ALL) NOPASSWD:
END
# Newer versions take it, older ones end there: sudoers(5) wants "\=".
judge 'ALL=(ALL) /bin/x a=b'
is $mine 5 "a rule that not every sudo reads is refused"
tap_done
