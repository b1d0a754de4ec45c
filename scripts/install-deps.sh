#!/bin/sh
# SPDX-License-Identifier: LGPL-3.0-or-later
# install-deps.sh [--check] GROUP...: install the Debian packages that are
# missing for building, testing, or making guests.  Only apt needs root; with
# --check nothing is installed, and what is missing is said.
set -eu

build="gcc meson ninja-build pkg-config libext2fs-dev comerr-dev
  libdeflate-dev libisal-dev libzstd-dev liblzma-dev libssl-dev libfyaml-dev
  libjansson-dev libarchive-dev libxxhash-dev libcurl4-openssl-dev
  libxml2-dev libnbd-dev libcryptsetup-dev libcrypt-dev libpcre2-dev libguestfs-dev liblzo2-dev librpm-dev"
test="qemu-utils fdisk gdisk e2fsprogs dosfstools mtools mount cpio libarchive-tools
  zstd gzip xz-utils bzip2 lz4 grub-common python3 python3-jsonschema
  python3-yaml jq bsdextrautils mandoc file g++ binutils procps openssl
  curl libxml2-utils tar virt-v2v nbdkit libnbd-bin golang-go golang-github-vmware-govmomi-dev
  f2fs-tools nilfs-tools reiserfsprogs libguestfs-tools
  xfsprogs attr acl libcap2-bin passwd sudo systemd init-system-helpers cryptsetup-bin mdadm libguestfs0 supermin linux-image-amd64 btrfs-progs jfsutils
  rpm db5.3-util
  selinux-utils selinux-policy-default mmdebstrap
  systemd-boot-efi ovmf qemu-system-x86 libc6-dev lzop"
guest="qemu-system-x86 qemu-utils ovmf mmdebstrap uidmap e2fsprogs fdisk jq kmod
  busybox-static cpio xz-utils mtools libguestfs-tools libguestfs-xfs
  linux-image-amd64 libxml2-utils python3"
sanitize="clang libclang-rt-14-dev"

check=false
[ "${1:-}" != --check ] || { check=true; shift; }
wanted=
for group in "$@"; do
    case $group in
    build) wanted="$wanted $build" ;;
    test) wanted="$wanted $test" ;;
    guest) wanted="$wanted $guest" ;;
    sanitize) wanted="$wanted $sanitize" ;;
    *) echo "$0: no group of packages '$group'" >&2; exit 2 ;;
    esac
done

missing=
for package in $wanted; do
    state=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || :)
    [ "$state" = installed ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

root=
[ "$(id -u)" -eq 0 ] || root=sudo
if $check; then
    echo "Missing packages:$missing" >&2
    echo "Install them with:  $0 $*" >&2
    exit 1
fi
if [ -n "$root" ] && ! command -v sudo >/dev/null; then
    echo "Missing packages; as root, run:  apt-get install$missing" >&2
    exit 1
fi
echo "Installing:$missing"
export DEBIAN_FRONTEND=noninteractive
$root apt-get -qq update
# shellcheck disable=SC2086
$root apt-get -qq install -y --no-install-recommends $missing >/dev/null
