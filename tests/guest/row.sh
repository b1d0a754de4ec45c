# SPDX-License-Identifier: LGPL-3.0-or-later
# shellcheck shell=bash
# row_save [TEST]: the associative array "row", what was seen of ${row[guest]}
# (by another TEST than its migration), into the build's guest-results, of which
# scripts/guests.py and scripts/matrix.py make tables.
row_save()
{
    local key
    mkdir -p "$H2K_BUILD/guest-results"
    for key in "${!row[@]}"; do
        printf '%s\0%s\0' "$key" "${row[$key]}"
    done | jq -Rs 'split("\u0000") | [_nwise(2)] | map(select(length == 2)) |
        map({key: .[0], value: .[1]}) | from_entries' \
        >"$H2K_BUILD/guest-results/${row[guest]}${1:+.$1}.json"
}
