#!/bin/bash
# SPDX-License-Identifier: LGPL-3.0-or-later
# hyperexport without a server: settings and where they are from, profiles,
# and what is refused before anything is connected to.
# shellcheck source=../tap.sh
. "$H2K_SOURCE/tests/tap.sh"
need jq setsid

cd "$tap_dir" || exit 1
export HOME=$tap_dir/home
mkdir "$HOME" got
unset "${!GOVC_@}"

# hx ARGUMENT...: status, out and err are kept.  There is no terminal.
hx()
{
    setsid "$H2K_BUILD/hyperexport" "$@" >got/out 2>got/err </dev/null
    status=$?
}

# wrong TEXT NAME: the last run was refused with this on its last line.
wrong()
{
    [ "$status" -eq 2 ] && tail -n 1 got/err | grep -qF -- "$1"
    ok $? "$2"
    [ "$status" -eq 2 ] && tail -n 1 got/err | grep -qF -- "$1" ||
        sed "s/^/# exit $status: /" got/err
}

# setting NAME VALUE FROM NAME-OF-TEST
setting()
{
    is "$(jq -r --arg k "$1" '.[$k] | .value + " from " + .from' got/out)" \
        "$2 from $3" "$4"
}

# ---- Wrong use ----

hx --vm x --list-profile
wrong 'did you mean --list-profiles?' 'an unknown option, and the nearest'
hx --vm
wrong '--vm needs a value' 'an option without its value'
hx web-01
wrong "name a VM as --vm 'web-01'" 'a word that is no option'
hx --url h --username u
wrong 'which VM? name it with --vm' 'no VM'
hx --list
wrong 'which vCenter or ESXi host?' 'no URL'
hx --list --url h
wrong 'who logs in to h?' 'no user name'
hx --list --url h --username u
wrong 'no terminal to ask for the password' 'no password, and no terminal'
hx --list --url https://u:geheim@h
wrong '--url has a password in it' 'a password in a URL'
! grep -q geheim got/err
ok $? 'is not repeated'
hx --list --url h --username u --password-file none --password-command true
wrong 'a password file and a password command' 'two passwords'
hx --list --url h --username u --password-file none
[ "$status" -eq 3 ] && grep -q none got/err
ok $? 'a password file that is not there'
hx --list --url h --username u --insecure --thumbprint AA --password-command 'echo x'
wrong 'name one of them' 'a thumbprint and --insecure'
for pair in 'power-off snapshot' 'force resume' 'list dry-run' \
    'convert-only verify' 'convert-only resume'; do
    # shellcheck disable=SC2086
    set -- $pair
    hx --vm x "--$1" "--$2"
    wrong "--$1 and --$2:" "--$1 with --$2"
done
hx --vm x --convert-only --format ova
wrong '--convert-only keeps no VMDK' '--convert-only --format ova'
hx --vm x --format ovb
wrong "--format is ovf or ova, not 'ovb'" '--format ovb'
hx --vm x --transport ftp
wrong '--transport is auto, lease, datastore or nbd' '--transport ftp'
hx --vm x --transport nbd
wrong 'needs --nbd-uri' '--transport nbd without a URI'
hx --vm x --vm y --nbd-uri nbd://h
wrong 'one --vm' '--nbd-uri for two VMs'
for n in 0 65 -1 x 1x '' 99999999999999999999; do
    hx --vm x --parallel "$n"
    wrong "--parallel is 1 to 64, not '$n'" "--parallel '$n'"
done
for n in 0 -1 nan inf x ''; do
    hx --vm x --bandwidth-limit "$n"
    wrong '--bandwidth-limit is a number' "--bandwidth-limit '$n'"
done
hx --vm x --provider aws
wrong '--provider aws is not there yet' 'a provider that is to come'
hx --vm x --provider xen
wrong "--provider is vsphere, not 'xen'" 'a provider that is none'
hx --vm x --batch none --url h --username u --folder f --password-command 'echo x'
[ "$status" -ne 0 ]
ok $? '--batch with --folder'

# ---- --password ----

hx --vm x --password geheim
wrong 'there is no --password' '--password says what to do'
hx --vm x -password=geheim
wrong 'there is no --password' 'in each of its forms'
! grep -q geheim got/err
ok $? 'and does not repeat it'

# ---- Layers ----

mkdir -p "$HOME/.hyperexport/profiles"
cat >"$HOME/.hyperexport/config.yaml" <<'END'
# where to log in
vcenter:
  url: config.example.com
  username: from-config
  password_file: ../password
  insecure: true
defaults:
  format: ova
  parallel: 9
  verify: true
  output: ~/out
END
cp "$H2K_SOURCE/examples/profile-kvm-migration.json" \
    "$HOME/.hyperexport/profiles/kvm-migration.json"
export GOVC_URL='https://a%40b:s%2Fp@env.example.com/sdk' GOVC_DATACENTER=DC0
export GOVC_INSECURE=0 GOVC_PASSWORD=geheim
hx --show-settings --json --profile kvm-migration --verify=false
is "$status" 0 'settings of four layers'
setting datacenter DC0 environment 'the environment is the lowest'
setting url config.example.com 'configuration file' 'the configuration wins over it'
setting insecure true 'configuration file' 'also where the environment says no'
setting parallel 9 'configuration file' 'its defaults count'
setting format ovf profile 'the profile wins over them'
setting power-off true profile 'the profile counts'
setting compress false profile 'also where it says no'
setting verify false 'command line' 'the command line wins over all'
setting transport auto default 'the rest is as it was'
setting output "$HOME/out" 'configuration file' '~ is the home directory'
setting password-file "$HOME/.hyperexport/../password" 'configuration file' \
    'paths are relative to the file'
! grep -q geheim got/out got/err
ok $? 'no password is shown'
hx --show-settings
grep -qE '^format +ova +configuration file$' got/out
ok $? 'as a table, too'

echo '# all of it is commented out' >none.yaml
hx --config none.yaml --show-settings --json
setting url https://env.example.com/sdk environment 'GOVC_URL without its user'
setting username a@b environment 'who is the user, decoded'
setting password '(not shown)' environment 'its password is known'
GOVC_USERNAME=other hx --config none.yaml --show-settings --json
setting username other environment 'GOVC_USERNAME wins over it'
GOVC_INSECURE=perhaps hx --config none.yaml --show-settings
wrong 'GOVC_INSECURE: --insecure is true or false' 'a variable that is wrong'
unset GOVC_URL GOVC_DATACENTER GOVC_INSECURE GOVC_PASSWORD

# ---- Files that are wrong ----

# config NAME TEXT MESSAGE
config()
{
    printf '%s\n' "$2" >c.yaml
    hx --config c.yaml --show-settings
    wrong "$3" "$1"
}
config 'a password in the configuration' 'vcenter: { password: geheim }' \
    'c.yaml:1:12: error: vcenter.password: a password does not belong in this file (name a password_file'
! grep -q geheim got/err
ok $? 'is not repeated'
config 'a password in its URL' 'vcenter: { url: "https://u:geheim@h" }' \
    'c.yaml:1:17: error: vcenter.url: has a password in it'
config 'a number that is too large' 'defaults: { parallel: 65 }' \
    'c.yaml:1:23: error: defaults.parallel: 65 is not a whole number from 1 to 64'
config 'a word that is none of them' 'defaults: { format: ovff }' \
    "error: defaults.format: 'ovff' is not one of ovf, ova (did you mean 'ovf'?)"
config 'a wrong type' 'defaults: [ovf]' \
    'c.yaml:1:11: error: defaults: must be a map, but is a list'
config 'two errors' 'defaults: { format: 1, verify: 2 }' \
    'c.yaml: 2 errors, nothing was done'
is "$(grep -c ' error: ' got/err)" 2 'both are told'
config 'no YAML' 'defaults: { format: ovf' 'c.yaml:'
printf 'vcentre: {}\ndefaults: { fromat: ova }\n' >c.yaml
hx --config c.yaml --show-settings
grep -qF "c.yaml:1:1: warning: vcentre: unknown key (did you mean 'vcenter'?)" got/err &&
    grep -qF "c.yaml:2:13: warning: defaults.fromat: unknown key (did you mean 'format'?)" got/err
ok $? 'unknown keys warn, with the nearest'
is "$status" 0 'and are no error'
hx --config c.yaml --show-settings -q
is "$(cat got/err)" '' 'but not with --quiet'
hx --config missing.yaml --list
wrong 'Configuration file not found: missing.yaml' 'a configuration that is not there'
printf 'vcenter: { password_command: "echo x" }\n' >c.yaml
chmod 666 c.yaml
hx --config c.yaml --show-settings
wrong 'others may write to it' 'a command in a file that others may write to'

# ---- Profiles ----

hx --config none.yaml --save-profile mine --format ova --parallel 8 \
    --bandwidth-limit 12.5 --manifest --compress=false --url h --username u
is "$status" 0 '--save-profile'
is "$(jq -cS . "$HOME/.hyperexport/profiles/mine.json")" \
    '{"bandwidth_limit":12.5,"compress":false,"format":"ova","generate_manifest":true,"name":"mine","parallel":8}' \
    'keeps what was said, and no login'
is "$(stat -c %a "$HOME/.hyperexport/profiles/mine.json")" 600 'for its owner alone'
hx --profile mine --show-settings --json
setting bandwidth-limit 12.5 profile 'a round trip'
hx --save-profile mine --verify
wrong "the profile 'mine' exists; --force replaces it" 'it is not overwritten'
hx --save-profile mine --profile mine --verify --force
is "$(jq -c '[.format, .verify]' "$HOME/.hyperexport/profiles/mine.json")" \
    '["ova",true]' 'unless asked to; a profile is taken over'
hx --save-profile empty --quiet
wrong 'no option was given that a profile could keep' 'nothing to keep'
rm -r "$HOME/.hyperexport"
hx --save-profile first --format ova
is "$(stat -c %a "$HOME/.hyperexport" "$HOME/.hyperexport/profiles" | tr '\n' ' ')" \
    '700 700 ' 'the directories are private'
for name in ../x .x '' 'a b' -x a/b; do
    hx "--save-profile=$name" --format ova
    wrong 'is no name for a profile' "the name '$name'"
done
hx --profile fisrt --list
wrong "no profile 'fisrt'; did you mean 'first'?" 'no such profile, and the nearest'
echo '{ "format": "ova", "password": "geheim" }' >"$HOME/.hyperexport/profiles/bad.json"
hx --profile bad --list
wrong 'profiles/bad.json:1:20: error: password: a password does not belong in this file' \
    'a password in a profile'
hx --list-profiles
[ "$status" -eq 0 ] && grep -qE '^first +format ova$' got/out && grep -q '^bad ' got/out
ok $? '--list-profiles'
hx --list-profiles --json
is "$(jq -c 'map(.name)' got/out)" '["bad","first"]' 'as JSON'
hx --delete-profile first
[ "$status" -eq 0 ] && [ ! -e "$HOME/.hyperexport/profiles/first.json" ]
ok $? '--delete-profile'
hx --delete-profile first
wrong "no profile 'first'" 'once'
for example in "$H2K_SOURCE"/examples/profile-*.json; do
    name=$(basename "$example" .json)
    cp "$example" "$HOME/.hyperexport/profiles/$name.json"
    hx --profile "$name" --show-settings
    [ "$status" -eq 0 ] && [ ! -s got/err ]
    ok $? "examples/$name.json"
done
tap_done
