#!/bin/sh
# SPDX-License-Identifier: LGPL-3.0-or-later
# The benchmark, on a build made for speed and the sample guest.
set -eu
cd "$(dirname "$0")/.."
[ -f build-bench/build.ninja ] ||
    meson setup build-bench --buildtype=release >/dev/null
ninja -C build-bench hyper2kvm >/dev/null
guest=$(tests/guest/guest.sh bench)
exec python3 bench/run.py build-bench "$guest"
