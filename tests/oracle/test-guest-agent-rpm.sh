#!/bin/sh
# SPDX-License-Identifier: LGPL-3.0-or-later
# The guest agent's .rpm, put into a tree by us: rpm itself takes the files
# that are there into its database, and then finds each as it should be.
. "$H2K_SOURCE/tests/tap.sh"
PATH=$PATH:/usr/sbin:/sbin
need rpm rpm2cpio cpio mke2fs e2fsck debugfs
if [ "$(id -u)" -ne 0 ]; then
    echo "1..0 # SKIP rpm --root needs root"
    exit 0
fi
tool=$H2K_BUILD/tests/oracle/edit-tree
package=$H2K_SOURCE/fuzz/corpus/software/zstd.rpm
cd "$tap_dir" || exit 1

mkdir -p tree/usr/lib/systemd/system tree/usr/lib64 tree/usr/bin \
    tree/usr/sbin tree/var/lib/rpm tree/etc/systemd/system
ln -s usr/bin tree/bin
ln -s usr/sbin tree/sbin
ln -s usr/lib tree/lib
ln -s usr/lib64 tree/lib64
cp /bin/true tree/usr/bin/sh
cp /bin/true tree/usr/lib/systemd/systemd
ln -s ../lib/systemd/systemd tree/usr/sbin/init
printf '\0GLIBC_2.34\0' >tree/usr/lib64/libc.so.6
db() { rpm --root "$tap_dir/ours" --dbpath /var/lib/rpm "$@"; }
rpm --root "$tap_dir/tree" --dbpath /var/lib/rpm --initdb 2>log
truncate -s 64M image
mke2fs -q -F -t ext4 -d tree image
"$tool" image guest-agent "$package" >changes 2>&1
ok $? "the agent is put into the tree"
is "$(grep -c '^warning' changes)" 0 "without a warning"
sed 's/^/# /' changes
"$tool" image guest-agent "$package" >again 2>&1
is "$(cat again)" "" "a second time there is nothing to do"
e2fsck -fn image >log 2>&1
ok $? "e2fsck finds the filesystem clean"
mkdir ours
debugfs -R 'rdump / ours' image >log 2>&1

# Each of the package's files, as cpio unpacks it.
mkdir packed
rpm2cpio "$package" | (cd packed && cpio --quiet -idm)
diff -r --no-dereference packed ours 2>&1 | grep -v '^Only in ours' >differ
is "$(cat differ)" "" "the files are the package's"

cmp -s ours/var/lib/hyper2kvm/qemu-guest-agent.rpm "$package"
ok $? "the package is beside them"
is "$(sed -n 's/^ExecStart=//p' \
    ours/etc/systemd/system/hyper2kvm-guest-agent.service | head -n 1)" \
    "/bin/rpm -U --replacepkgs /var/lib/hyper2kvm/qemu-guest-agent.rpm" \
    "and rpm's to take over at the first start"
# What it does there; that nothing else is in this database is not its doing.
db -U --nodeps --replacepkgs ours/var/lib/hyper2kvm/qemu-guest-agent.rpm \
    >log 2>&1
ok $? "rpm takes it over"
sed 's/^/# /' log
is "$(db -q qemu-guest-agent)" qemu-guest-agent-7.2-1.x86_64 "and knows it"
is "$(db -V --nodeps qemu-guest-agent)" "" "its own check is silent"
is "$(find ours -name '*.rpm[a-z]*')" "" "no file had to be put aside"
db -e --nodeps qemu-guest-agent >log 2>&1
ok $? "it can be removed"
[ ! -e ours/usr/bin/qemu-ga ]
ok $? "and its files go"
tap_done
