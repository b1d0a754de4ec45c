#!/bin/bash
# SPDX-License-Identifier: LGPL-3.0-or-later
# The library as programs see it: what it exports, and an example that builds
# a manifest which the command accepts.
# shellcheck source=../tap.sh
. "$H2K_SOURCE/tests/tap.sh"
need qemu-img nm c++
cd "$tap_dir" || exit 1

nm -D --defined-only "$H2K_BUILD/libhyper2kvm.so" | awk '{ print $3 }' |
    sort >exported
cat "$H2K_SOURCE"/include/hyper2kvm/*.h | grep -oE 'h2k_[a-z0-9_]+ ?[(;]' |
    tr -d ' (;' | sort -u >declared
is "$(comm -23 exported declared)" "" "nothing but the public calls is exported"
[ "$(wc -l <exported)" -gt 40 ]
ok $? "and they are"
grep -hoE 'h2k_[a-z0-9_]+\(' "$H2K_SOURCE"/include/hyper2kvm/*.h |
    tr -d '(' | sort -u >calls
is "$(comm -13 exported calls)" "" "all of them"

for header in error manifest; do
    echo "#include <hyper2kvm/$header.h>" >include.cc
    c++ -std=c++11 -Wall -Wextra -Werror -fsyntax-only \
        -I "$H2K_SOURCE/include" include.cc
    ok $? "$header.h can be included in C++"
done

qemu-img create -q -f vmdk -o subformat=streamOptimized web01.vmdk 10M
"$H2K_BUILD/build-manifest" web01.vmdk artifact-manifest.json >said
ok $? "the example builds a manifest"
is "$(cat said)" "web01 boots from $tap_dir/web01.vmdk, sha256 $(
    sha256sum <web01.vmdk | cut -d' ' -f1)" "and reads it again"
"$H2K_BUILD/hyper2kvm" validate artifact-manifest.json --strict -q
ok $? "which is valid, with its checksum"
tap_done
