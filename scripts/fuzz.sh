#!/bin/bash
# SPDX-License-Identifier: LGPL-3.0-or-later
# fuzz.sh [-j N] SECONDS [TARGET...]: run fuzz targets (all of them, without
# names) with ASan and UBSan, N at a time, SECONDS each.  What they learn is
# kept in build-fuzz/corpus/ for the next run; a finding is left in
# build-fuzz/found/, to become a file of fuzz/corpus/.
set -eu
cd "$(dirname "$0")/.."
jobs=1
[ "${1:-}" != -j ] || { jobs=$2; shift 2; }
seconds=${1:?how many seconds for each target}
shift
[ -f build-fuzz/build.ninja ] ||
    CC=clang meson setup build-fuzz -Dfuzz=true -Db_lundef=false \
        -Db_sanitize=address,undefined >/dev/null
ninja -C build-fuzz >/dev/null
if [ $# -eq 0 ]; then
    for file in fuzz/fuzz-*.c; do
        name=${file#fuzz/fuzz-}
        set -- "$@" "${name%.c}"
    done
fi

one()
{
    name=$1
    mkdir -p "build-fuzz/corpus/$name" build-fuzz/found
    "build-fuzz/fuzz/fuzz-$name" -max_total_time="$2" -timeout=20 \
        -rss_limit_mb=2048 -print_final_stats=1 \
        -artifact_prefix="build-fuzz/found/$name-" \
        "build-fuzz/corpus/$name" "fuzz/corpus/$name" \
        >"build-fuzz/$name.log" 2>&1
    status=$?
    runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "build-fuzz/$name.log")
    echo "$(date -u +%FT%TZ) $name: $2 s, ${runs:-?} runs, exit $status" |
        tee -a build-fuzz/history
    return $status
}
export -f one
printf '%s\n' "$@" | xargs -P "$jobs" -I{} bash -c "one {} $seconds"
