#!/bin/sh
# SPDX-License-Identifier: LGPL-3.0-or-later
# build-peer.sh: builds the vSphere test peer and the fault proxy from the
# sources beside this script and Debian's govmomi, once per version of both,
# and prints the directory that has them.  Needs no network and no root.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
govmomi=/usr/share/gocode/src/github.com/vmware/govmomi
if ! command -v go >/dev/null || [ ! -d "$govmomi/simulator" ]; then
    echo "$0: go and golang-github-vmware-govmomi-dev are needed" >&2
    exit 1
fi

home=${H2K_CACHE:-${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/hyper2kvm}/peers
version=$(dpkg-query -W -f '${Version}' golang-github-vmware-govmomi-dev \
    2>/dev/null || echo unknown)
hash=$({ go version; echo "$version"
    cd "$here" && cat peer/*.go proxy/*.go; } | sha256sum | cut -c1-16)
out=$home/$hash
if [ -x "$out/peer" ] && [ -x "$out/proxy" ]; then
    echo "$out"
    exit 0
fi

# Tests that start at once wait for the one that builds; it is built apart
# and renamed, so that an end in the middle leaves no half of it.
mkdir -p "$home"
exec 9>"$home/lock"
flock 9
if [ -x "$out/peer" ] && [ -x "$out/proxy" ]; then
    echo "$out"
    exit 0
fi
work=$(mktemp -d "$home/build-XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
mkdir "$work/bin" "$work/src"
cp -R "$here/peer" "$here/proxy" "$work/src"
# In GOPATH mode, with nothing from the network; the C library is not needed.
export HOME="$home" GOCACHE="$home/go-cache" GOPATH=/usr/share/gocode
export GO111MODULE=off GOFLAGS='' GOPROXY=off CGO_ENABLED=0
for program in peer proxy; do
    (cd "$work/src/$program" && go build -o "$work/bin/$program" .) >&2
done
rm -rf "$out"
mv -T "$work/bin" "$out"
echo "$out"
