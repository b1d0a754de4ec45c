#!/bin/bash
# SPDX-License-Identifier: LGPL-3.0-or-later
# A real guest with everything put into it by its migration: it comes up on
# virtio under its new name, with a network of ours; a user logs in over ssh with
# the key that was given, and sudo works; one that is disabled does not get in.
# In TAP.
# shellcheck source=../tap.sh
. "$H2K_SOURCE/tests/tap.sh"
# shellcheck source=row.sh
. "$H2K_SOURCE/tests/guest/row.sh"
need qemu-system-x86_64 jq ssh-keygen

scripts=$H2K_SOURCE/tests/guest
guest=$("$scripts/guest.sh" debian12-ssh)
ok $? "the guest: built, or in the cache"
[ -n "$guest" ] || tap_done
cd "$tap_dir" || exit 1
ssh-keygen -q -t ed25519 -N '' -C test -f key
cat >configuration.yaml <<END
configuration:
  users:
    create:
      - name: deploy
        comment: Deployment
        groups: [sudo]
        password_plain: "never: shown"
        sudo: "ALL=(ALL) NOPASSWD: ALL"
        ssh_authorized_keys: ["$(cat key.pub)"]
      - name: closed
        ssh_authorized_keys: ["$(cat key.pub)"]
    disable: [closed]
    delete: [irc]
  services:
    enable: [systemd-networkd]
    disable: [networking]
    mask: [fstrim.timer]
  hostname:
    hostname: web01
    domain: example.com
    hosts: [{ ip: 10.0.2.9, hostname: db01 }]
  network:
    systemd_networkd:
      - filename: 10-all.network
        content: |
          [Match]
          MACAddress=00:50:56:aa:bb:01

          [Network]
          Address=10.0.2.15/24
          Gateway=10.0.2.2
END
for part in users services hostname network; do
    # Each part as a file for its option, of the same text.
    sed -n "/^  $part:/,/^  [a-z]/p" configuration.yaml |
        sed -e '1d' -e '/^  [a-z]/d' -e 's/^  //' >$part.yaml
done
"$H2K_BUILD/hyper2kvm" --manifest "$guest/artifact-manifest.json" \
    --output-dir out --user-config-inject users.yaml \
    --service-config-inject services.yaml --hostname-config-inject hostname.yaml \
    --network-config-inject network.yaml >run 2>&1
ok $? "the pipeline ends well"
grep -v ' %$' run | sed 's/^/# /'
grep -q 'systemd makes the user irc again' run
ok $? "one that would come back is told of"
disk=$(jq -r '.artifacts[0].path' out/report.json)

cat >inside <<END
cat >/run/key <<'KEY'
$(cat key)
KEY
chmod 600 /run/key
END
cat >>inside <<'END'
into() { ssh -n -q -i /run/key -o BatchMode=yes -o StrictHostKeyChecking=no \
    -o ConnectTimeout=120 "$@" 2>&1; }
tell() { echo "c: $1: $(shift; "$@" 2>&1 | tr '\n' ' ')"; }
for i in $(seq 60); do ip -4 address | grep -q 10.0.2.15 && break; sleep 2; done
tell name hostname
tell full hostname -f
tell hosts getent hosts db01
tell id id deploy
tell ssh into deploy@10.0.2.15 'id -un; sudo -n id -un; echo $HOME'
into closed@10.0.2.15 id >/run/closed; echo "c: closed: $?"
tell networkd systemctl is-active systemd-networkd
tell networking systemctl is-active networking
tell masked systemctl is-enabled fstrim.timer
perl -e '$h = (getpwnam "deploy")[1]; exit(crypt("never: shown", $h) ne $h)'
echo "c: password: $?"
pwck -rq >/run/pwck 2>&1; tell pwck grep -v -e directory -e 'no changes' /run/pwck
tell grpck grpck -r
visudo -c >/dev/null 2>&1; echo "c: visudo: $?"
tell home stat -c '%a %U %G' /home/deploy /home/deploy/.ssh/authorized_keys
useradd -m -s /bin/bash probe
tell probe stat -c '%a deploy deploy' /home/probe
END
"$scripts/boot.sh" --snapshot --bus virtio-blk --timeout 1800 --run inside \
    --log console "$disk" >said 2>&1
ok $? "it comes up on virtio"
sed 's/^/# /' said
tr -d '\r' <console | grep -a 'h2k-report\[' | sed 's/.*h2k-report\[[0-9]*\]: //' >told

# in_guest WHAT EXPECTED NAME
in_guest()
{
    is "$(sed -n "s/^c: $1: //p" told | sed 's/ *$//')" "$2" "$3"
}
in_guest name web01 "it has its name"
in_guest full web01.example.com "and its domain"
in_guest hosts "10.0.2.9        db01" "and knows the host that was given"
sed -n 's/^c: id: //p' told | grep -q '(deploy).*(sudo)'
ok $? "the user is in its groups"
in_guest ssh "deploy root /home/deploy" "it logs in with its key, and sudo works"
in_guest closed 255 "the disabled user does not get in"
in_guest networkd active "the service that was enabled runs"
in_guest networking inactive "the one that was disabled does not"
in_guest masked masked "the one that was masked is so"
in_guest password 0 "the password is the one that was given"
in_guest pwck "" "pwck finds nothing"
in_guest grpck "" "nor does grpck"
in_guest visudo 0 "nor visudo"
in_guest home "$(sed -n 's/^c: probe: \(.*[^ ]\) *$/\1/p' told) 600 deploy deploy" \
    "the home is its own, as closed as the guest itself makes one"
declare -A row=([guest]=configured [virtio-blk]=up
    [about]="Debian 12, with users, services, a name and a network put into it")
[ "$tap_failed" -ne 0 ] || row_save
tap_done
