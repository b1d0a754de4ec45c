#!/bin/sh
# SPDX-License-Identifier: LGPL-3.0-or-later
# The benchmarks, on a build made for speed: the sample guest through the
# pipeline, and disks through an export.
set -eu
cd "$(dirname "$0")/.."
[ -f build-bench/build.ninja ] ||
    meson setup build-bench --buildtype=release >/dev/null
ninja -C build-bench hyper2kvm hyperexport >/dev/null
guest=$(tests/guest/guest.sh bench)
python3 bench/run.py build-bench "$guest"
exec python3 bench/export.py build-bench
