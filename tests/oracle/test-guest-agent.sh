#!/bin/bash
# SPDX-License-Identifier: LGPL-3.0-or-later
# The guest agent's package, put into a small Debian system by us: dpkg itself
# must find the state good, go on from it, and come to what its own
# installation makes, file by file.
#
# Needs root, for a chroot, and a mirror; packages are cached.
# shellcheck source=tests/tap.sh
. "$H2K_SOURCE/tests/tap.sh"
own_mounts
PATH=$PATH:/usr/sbin:/sbin
need mmdebstrap mke2fs e2fsck dpkg apt-get tar
skip() { echo "1..0 # SKIP $1"; exit 0; }
[ "$(id -u)" -eq 0 ] || skip "a chroot needs root"
tool=$H2K_BUILD/tests/oracle/edit-tree
cache=${XDG_CACHE_HOME:-$HOME/.cache}/hyper2kvm/guest-agent
mkdir -p "$cache"
# In memory where it can be: trees of a few hundred megabytes are copied.
mount -t tmpfs -o size=3g,mode=755 none "$tap_dir" 2>/dev/null
trap 'cd /; umount -R "$tap_dir" 2>/dev/null; rm -rf "$tap_dir"' EXIT
cd "$tap_dir" || exit 1

# A minimal system with all that the agent needs but the agent.
if [ ! -f "$cache/base.tar" ]; then
    release=$(. /etc/os-release && echo "$VERSION_CODENAME")
    timeout 280 mmdebstrap --quiet --variant=apt \
        --include=init-system-helpers,libglib2.0-0,libnuma1,libudev1,liburing2,systemd \
        "$release" "$cache/new.tar" >log 2>&1 &&
        mv "$cache/new.tar" "$cache/base.tar" ||
        { rm -f "$cache/new.tar"; skip "no mirror to make a system from"; }
fi
if ! ls "$cache"/qemu-guest-agent_*.deb >log 2>&1; then
    (cd "$cache" && apt-get -qq download qemu-guest-agent >log 2>&1)
    rm -f "$cache/log"
fi
deb=$(ls "$cache"/qemu-guest-agent_*.deb 2>/dev/null | tail -n 1)
[ -n "$deb" ] || skip "no package of the agent"

mkdir base
tar -C base --numeric-owner -xpf "$cache/base.tar"
# Where this machine has Debian's policy, the system has SELinux.
policy=/etc/selinux/default
if [ -f $policy/contexts/files/file_contexts ] &&
    command -v matchpathcon setfattr >log; then
    cp -a /etc/selinux base/etc/
    printf 'SELINUX=enforcing\nSELINUXTYPE=default\n' >base/etc/selinux/config
    setfattr -n security.selinux -v system_u:object_r:root_t:s0 base
else
    policy=
fi
truncate -s 900M image
mke2fs -q -F -t ext4 -m 0 -d base image >log 2>&1
ok $? "a small system is there"

timeout 60 "$tool" image guest-agent "$deb" >ours.log 2>&1
ok $? "the agent is put into it"
sed 's/^/# /' ours.log | head -n 30
grep -q '^warning' ours.log
[ $? -eq 1 ]
ok $? "without a warning"
timeout 60 "$tool" image guest-agent "$deb" >again.log 2>&1
is "$(cat again.log)" "" "a second time there is nothing to do"
e2fsck -fn image >log 2>&1
ok $? "e2fsck finds the filesystem clean"

# The tree that came out, by the kernel.
mkdir mnt ours theirs
mount -o loop,ro image mnt || skip "no loop mounts here"
cp -a mnt/. ours/
if [ -n "$policy" ]; then
    sed -n 's/^change \([^:]*\): .*/\1/p' ours.log >paths
    echo /etc/systemd/system/multi-user.target.wants/hyper2kvm-guest-agent.service >>paths
    while read -r path; do
        type=file
        [ ! -L "mnt$path" ] || type=lnk_file
        # libselinux takes a path with its links resolved.
        real=$(realpath -s "$(realpath "mnt${path%/*}")/${path##*/}")
        real=${real#"$tap_dir/mnt"}
        echo "$path $(getfattr -h --only-values -n security.selinux "mnt$path" 2>&1 | tr -d '\0')" >>labels
        echo "$path $(matchpathcon -n -f $policy/contexts/files/file_contexts -m $type "$real")" >>expected
    done <paths
    is "$(cat labels)" "$(cat expected)" "each file has its label"
    is "$(getfattr -e hex -n security.selinux mnt/usr/sbin/qemu-ga |
        grep -c '00$')" 1 "with its NUL, as the kernel stores it"
fi
umount mnt
cp -a base/. theirs/
cp "$deb" theirs/agent.deb
for tree in ours theirs; do
    mount -t proc proc $tree/proc
    # No daemon is started in a chroot.
    printf '#!/bin/sh\nexit 101\n' >$tree/usr/sbin/policy-rc.d
    chmod 755 $tree/usr/sbin/policy-rc.d
done
in_ours() { DEBIAN_FRONTEND=noninteractive timeout 120 chroot ours "$@"; }

is "$(in_ours dpkg-query -W -f '${Status}' qemu-guest-agent)" \
    "install ok unpacked" "dpkg sees the agent unpacked"
in_ours dpkg --audit 2>&1 | grep -q 'qemu-guest-agent'
ok $? "its audit says that it waits to be configured"
# The same state as `dpkg --unpack` leaves.
cp -a base unpacked && cp "$deb" unpacked/agent.deb
mount -t proc proc unpacked/proc
chroot unpacked dpkg --unpack /agent.deb >log 2>&1
is "$(in_ours dpkg --verify)" "$(chroot unpacked dpkg --verify)" \
    "dpkg's check of all files says what it says then"
umount unpacked/proc
paragraph() { sed -n '/^Package: qemu-guest-agent$/,/^$/p' "$1/var/lib/dpkg/status" | LC_ALL=C sort; }
is "$(paragraph ours)" "$(paragraph unpacked)" "its paragraph is dpkg's own"
for file in ours/var/lib/dpkg/info/qemu-guest-agent.*; do
    cmp "$file" "unpacked/var/lib/dpkg/info/${file##*/}" >>differ 2>&1
done
is "$(cat differ)$(ls ours/var/lib/dpkg/info | wc -l)" \
    "$(ls unpacked/var/lib/dpkg/info | wc -l)" "and so are its lists"

in_ours systemd-analyze verify --recursive-errors=no --man=no \
    /etc/systemd/system/hyper2kvm-guest-agent.service >log 2>&1
ok $? "systemd takes the unit"
sed 's/^/# /' log
rm -rf ours/run/systemd
# What the unit runs when the guest starts, then dpkg's own installation.
command=$(sed -n 's/^ExecStart=\(.*dpkg.*\)/\1/p' \
    ours/etc/systemd/system/hyper2kvm-guest-agent.service)
# shellcheck disable=SC2086
in_ours $command >log 2>&1
ok $? "the unit's command configures it"
sed 's/^/# /' log
is "$(in_ours dpkg-query -W -f '${Status}' qemu-guest-agent)" \
    "install ok installed" "it is installed then"
is "$(in_ours dpkg --audit)" "" "dpkg's audit finds nothing"
is "$(in_ours dpkg --verify)" "" "nor does its check"
in_ours apt-get -qq check >log 2>&1
ok $? "apt finds nothing broken"
chroot theirs dpkg -i /agent.deb >log 2>&1

umount ours/proc theirs/proc
rm -rf theirs/agent.deb ours/etc/systemd/system/hyper2kvm-guest-agent.service \
    ours/etc/systemd/system/multi-user.target.wants/hyper2kvm-guest-agent.service
list()
{
    (cd "$1" && find . -xdev \( -path ./var/log -o -path ./dev -o \
        -path ./var/cache -o -path ./lost+found -o -name '*-old' -o -name '*.backup.hyper2kvm.*' \) -prune -o \
        ! -type d -printf '%p %y %m %U %G %s %l\n' -o -type d -printf '%p %y %m %U %G\n' | LC_ALL=C sort)
}
list ours >list.ours
list theirs >list.theirs
diff list.theirs list.ours >differ
is "$(cat differ)" "" "all else is as dpkg itself installs it"
diff -r --no-dereference -x '*.backup.hyper2kvm.*' -x '*-old' -x log -x cache -x dev -x lost+found theirs ours >differ 2>&1
is "$(cat differ)" "" "with the same content"

# An upgrade and a removal go as they do for any package.
mount -t proc proc ours/proc
cp "$deb" ours/agent.deb
in_ours dpkg -i /agent.deb >log 2>&1
ok $? "the package can be installed over it"
in_ours dpkg --purge qemu-guest-agent >log 2>&1
ok $? "and purged"
is "$(find ours -xdev -name '*qemu-ga*' -not -path '*/log/*'; in_ours dpkg --audit)" "" \
    "then nothing of it is left"
umount ours/proc
tap_done
