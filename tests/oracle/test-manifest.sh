#!/bin/sh
# SPDX-License-Identifier: LGPL-3.0-or-later
# The examples with disks behind them; checksums against sha256sum; the
# public header for C++.
. "$H2K_SOURCE/tests/tap.sh"
need sha256sum sed
check=$H2K_BUILD/tests/oracle/manifest-check
cd "$tap_dir" || exit 1

# The examples name disks by absolute paths; here they are of this folder.
for example in "$H2K_SOURCE"/examples/artifact-*.json; do
    sed "s|\"/[^\"]*/\([^/\"]*\.vmdk\)\"|\"\1\"|; s|\"/data/|\"data/|" \
        "$example" >artifact-manifest.json
    sed -n 's|.*"local_path": "\(.*\)".*|\1|p' artifact-manifest.json |
        while read -r disk; do echo disk >"$disk"; done
    "$check" artifact-manifest.json 2>errors
    ok $? "valid with its disks: ${example##*/}"
    rm -f ./*.vmdk
    "$check" artifact-manifest.json 2>errors
    is $? 3 "and not without"
    grep -q "Source path not found: $tap_dir/.*vmdk" errors
    ok $? "which is said"
done

# A disk of several reads, and not a whole number of them.
head -c 3333333 /dev/urandom >disk.raw
sum=$(sha256sum disk.raw | cut -d' ' -f1)
manifest()
{
    cat <<JSON
{ "manifest_version": "1.0",
  "disks": [ { "id": "d", "source_format": "raw", "bytes": 3333333,
    "local_path": "disk.raw", "checksum": "sha256:$1" } ] }
JSON
}
manifest "$sum" >right.json
"$check" --checksums right.json
ok $? "the checksum is what sha256sum says"
other=$(echo "$sum" | tr 0123456789abcdef 123456789abcdef0)
manifest "$other" >wrong.json
"$check" --checksums wrong.json 2>errors
is $? 4 "another is not"
grep -qF "Checksum mismatch for d: expected sha256:$other, got sha256:$sum" \
    errors
ok $? "which is said with both"

if command -v c++ >/dev/null; then
    echo '#include <hyper2kvm/manifest.h>' |
        c++ -std=c++11 -pedantic -Wall -Wextra -Werror -fsyntax-only \
            -I"$H2K_SOURCE/include" -x c++ -
    ok $? "the header is C++"
else
    ok 0 "the header is C++ # SKIP no c++"
fi
tap_done
