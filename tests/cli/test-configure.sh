#!/bin/bash
# SPDX-License-Identifier: LGPL-3.0-or-later
# A guest is given users, services, a name and a network, by its manifest and
# by the four options; what comes of it is read with debugfs.
# shellcheck source=../tap.sh
. "$H2K_SOURCE/tests/tap.sh"
# shellcheck source=../should-fail/lib.sh
. "$H2K_SOURCE/tests/should-fail/lib.sh"
need qemu-img sfdisk mke2fs e2fsck debugfs mkswap cpio jq
cd "$tap_dir" || exit 1

sh "$H2K_SOURCE/tests/tiny-guest.sh" guest.raw '
printf "root:x:0:0:root:/root:/bin/sh\nold:x:1000:1000::/home/old:/bin/sh\n" >etc/passwd
printf "root:*:19000:0:99999:7:::\nold:*:19000:0:99999:7:::\n" >etc/shadow
chmod 640 etc/shadow
printf "root:x:0:\nsudo:x:27:old\nold:x:1000:\n" >etc/group
printf "UID_MIN 1000\nUID_MAX 60000\nHOME_MODE 0700\n" >etc/login.defs
mkdir -p etc/skel etc/sudoers.d
echo x >etc/skel/.profile
ln -s .profile etc/skel/.rc
echo "@includedir /etc/sudoers.d" >etc/sudoers
printf "127.0.0.1\tlocalhost\n127.0.1.1\ttiny\n" >etc/hosts
printf "[Install]\nWantedBy=multi-user.target\n" >usr/lib/systemd/system/app.service
' || exit 1

cat >users.yaml <<'END'
create:
  - name: deploy
    groups: [sudo]
    password_plain: "never: shown"
    sudo: "ALL=(ALL) NOPASSWD: ALL"
    ssh_authorized_keys: [ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKtL deploy]
delete: [old]
END
echo '{"enable": ["app"]}' >services.json
printf 'hostname:\n  hostname: web01\n  domain: example.com\n' >hostname.yaml
printf 'network: {systemd_networkd: [{filename: 10-a.network, content: "[Match]\\n"}]}\n' \
    >network.yaml

hyper2kvm guest.raw -O raw --user-config-inject users.yaml \
    --service-config-inject=services.json --hostname-config-inject hostname.yaml \
    --network-config-inject network.yaml >out 2>err
is $? 0 "the four options"
sed 's/^/# /' err
in_root()
{
    debugfs -R "cat $1" "output/guest.raw?offset=$ROOT_AT" 2>/dev/null
}
about() # PATH: mode, user and group
{
    debugfs -R "stat $1" "output/guest.raw?offset=$ROOT_AT" 2>/dev/null |
        sed -n 's/.*Mode: *\([0-7]*\) .*/\1/p; s/^User: *\([0-9]*\) *Group: *\([0-9]*\).*/\1 \2/p' |
        tr '\n' ' '
}
is "$(in_root /etc/passwd)" "root:x:0:0:root:/root:/bin/sh
deploy:x:1000:1000::/home/deploy:/bin/sh" "the users"
in_root /etc/shadow | grep -q '^deploy:\$6\$[^:]*:[0-9]*:::::*$'
ok $? "a password that is hashed"
is "$(in_root /etc/group)" "root:x:0:
sudo:x:27:deploy
deploy:x:1000:" "the groups"
is "$(about /home/deploy)" "0700 1000 1000 " "a home"
is "$(about /home/deploy/.profile)" "0644 1000 1000 " "made from the skeleton"
is "$(about /home/deploy/.rc)" "0777 1000 1000 " "and its link"
is "$(about /home/deploy/.ssh/authorized_keys)" "0600 1000 1000 " "with keys"
is "$(about /etc/sudoers.d/deploy)" "0440 0 0 " "and a rule for sudo"
is "$(in_root /etc/hostname)" web01 "the name"
is "$(in_root /etc/hosts | tail -n 1)" "127.0.1.1	web01.example.com web01" \
    "the hosts"
is "$(in_root /etc/systemd/network/10-a.network)" "[Match]" "the network"
debugfs -R 'stat /etc/systemd/system/multi-user.target.wants/app.service' \
    "output/guest.raw?offset=$ROOT_AT" 2>/dev/null |
    grep -q 'Fast link dest: "/usr/lib/systemd/system/app.service"'
ok $? "the service"
dd if=output/guest.raw of=fs bs=1M skip=$((ROOT_AT >> 20)) count=23 status=none
e2fsck -fn fs >e2fsck.log 2>&1
ok $? "e2fsck finds nothing"
# shellcheck disable=SC2016
! grep -r -e 'never: shown' -e '\$6\$' out err output/report.json
ok $? "neither the password nor its hash is shown anywhere"
jq -e '[.changes[] | select(.file == "/etc/shadow" and .after == "(a new hash)")] | length == 1' \
    output/report.json >/dev/null
ok $? "the report has every change"

mv output/guest.raw again.raw
cat >again.json <<END
{ "version": "1.0", "source": { "type": "raw", "path": "again.raw" },
  "output": { "directory": "again", "format": "raw" },
  "pipeline": { "fix": { "enabled": true } },
  "configuration": { "users": { "delete": ["nobody"] } } }
END
hyper2kvm --manifest again.json --user-config-inject users.yaml \
    --service-config-inject services.json >out 2>err
is $? 0 "a second time, over a manifest"
is "$(jq '.changes | length' again/report.json)" 0 "nothing changes"

hyper2kvm guest.raw --user-config-inject missing.yaml 2>err
is $? 2 "a file that is not there"
grep -q 'missing.yaml' err
ok $? "is named"
echo '{"create": [{"nam": "x"}]}' >wrong.json
hyper2kvm guest.raw --user-config-inject wrong.json 2>err
is $? 2 "a file that is wrong"
grep -q 'wrong.json:1:.*configuration.users.create\[0\]' err
ok $? "is named with its place"
echo 'create: [{name: x, groups: [wheel]}]' >group.yaml
hyper2kvm guest.raw --output-dir group --user-config-inject group.yaml >out 2>err
is $? 5 "a group that is not there"
grep -q 'the user x: it is to be in the group wheel, which the guest does not have' err
ok $? "is named"
tap_done
