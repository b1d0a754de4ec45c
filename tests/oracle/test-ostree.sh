#!/bin/sh
# SPDX-License-Identifier: LGPL-3.0-or-later
# A system of OSTree is fixed where it may be: debugfs says that nothing of its
# /usr and its repository is another than before, and what hostile ones make of
# that.
. "$H2K_SOURCE/tests/tap.sh"
need sfdisk mke2fs e2fsck debugfs mkswap cpio jq zstd python3
hyper2kvm=$H2K_BUILD/hyper2kvm
cd "$tap_dir" || exit 1

# build HOOK: guest.raw, Fedora CoreOS' tree, changed by HOOK.
build()
{
    "$H2K_SOURCE/tests/trees/build-tree.sh" fedora-coreos guest.raw "$1" || exit 1
}

# inspect: found.json
inspect()
{
    "$hyper2kvm" inspect --json guest.raw >found.json 2>err || sed 's/^/# /' err
}

# fix [OPTION...]: into out/guest.raw, with a report.
fix()
{
    rm -rf out
    "$hyper2kvm" guest.raw --out-format raw --output-dir out "$@" >log 2>err
}

# files DISK: every file of OSTree's with its sum.
files()
{
    dd if="$1" of=fs bs=1M skip=1 count=32 status=none
    rm -rf dump
    mkdir dump
    debugfs -R 'rdump /ostree dump' fs >/dev/null 2>&1
    (cd dump && find . -type f ! -path '*/deploy/*/etc/*' -exec sha256sum {} + | sort -k 2)
}

build ''
files guest.raw >before
ok "$([ "$(wc -l <before)" -gt 40 ]; echo $?)" "there are files of OSTree's"
inspect
is "$(jq -r '.deployments[] | select(.default) | .version' found.json)" \
    42.20250609.3.0 "the default is the first of the menu, not the newest kernel"
is "$(jq -r '.deployments[] | select(.default) | .composefs' found.json)" true \
    "it is a composefs image"
is "$(jq -r '[.deployments[].entry] | join(" ")' found.json)" \
    "/boot/loader/entries/ostree-1.conf /boot/loader/entries/ostree-2.conf" \
    "and what starts each of them"
is "$(jq -r '.kernels[0].modules' found.json | cut -c 1-43)" \
    /sysroot/ostree/deploy/fedora-coreos/deploy "the other's kernel has its own modules"
fix --remove-vmware-tools
ok $? "it is fixed"
files out/guest.raw >after
cmp -s before after
ok $? "and nothing in its images and its repository has changed"
for release in 6.14.6-300.fc42.x86_64 6.14.0-63.fc42.x86_64; do
    file=$(jq -r --arg r "$release" '.changes[] | select(.file | endswith($r + ".img")) | .file' out/report.json)
    debugfs -R "dump $file image" fs >/dev/null 2>&1
    grep -aq virtio_blk image
    ok $? "$release: its initramfs has the drivers"
done

# The default's entry leads nowhere: it would not start, and that is said.
build 'sed -i s,boot.1/fedora-coreos,boot.1/nowhere, boot/loader.1/entries/ostree-2.conf'
inspect
is "$(jq -r '.deployments[] | select(.default) | .version' found.json)" \
    42.20250526.3.0 "an entry that leads nowhere is not what is looked at"
"$hyper2kvm" inspect guest.raw >text 2>&1
grep -q 'ostree-2.conf: /ostree/boot.1/nowhere.* leads to no deployment' text
ok $? "and it is named"

# Links out of the root end in it.
build 'for link in ostree/boot.1.1/fedora-coreos/*/0; do
        ln -sfn ../../../../../../../../../../etc "$link"
    done'
"$hyper2kvm" inspect guest.raw >text 2>&1
grep -q 'no boot entry starts a deployment' text
ok $? "links that lead out of the root lead to no deployment"

# An entry whose initramfs is in the repository.
build 'for object in ostree/repo/objects/*/initramfs.file; do
        [ "$object" -ef "$files/initramfs-6.14.0-63.fc42.x86_64.img" ] || continue
        sed -i "s,^initrd .*,initrd /$object," boot/loader.1/entries/ostree-2.conf
    done'
fix
is $? 5 "an initramfs in the repository is not extended"
grep -q 'in the image that the guest' err log
ok $? "and that is said"

# The same, which another kernel has by another name: a name is a file here.
build 'set -- ostree/repo/objects/*/initramfs.file
    sed -i "s,^initrd .*,initrd /$1," boot/loader.1/entries/ostree-2.conf'
fix
is $? 5 "nor when it is what another entry has by another name"

# No entry at all.
build 'rm boot/loader.1/entries/*'
"$hyper2kvm" inspect guest.raw >text 2>&1
grep -q 'no boot entry starts a deployment' text
ok $? "a system that nothing starts is named"

# /etc is made anew whenever it starts.
build 'printf "[etc]\ntransient = true\n" | file "$deployment/usr/lib/ostree/prepare-root.conf"'
"$hyper2kvm" inspect guest.raw >text 2>&1
grep -q 'transient' text
ok $? "that /etc is forgotten is said"
tap_done
