#!/bin/sh
# SPDX-License-Identifier: LGPL-3.0-or-later
# Dependencies go one way only: no layer includes one above it.
set -u
cd "$H2K_SOURCE/src" || exit 1
n=0 bad=0

# layer FOLDER MAY-INCLUDE...
layer()
{
    folder=$1
    shift
    n=$((n + 1))
    wrong=$(grep -rnE '^#include "' "$folder" 2>/dev/null | while IFS= read -r line; do
        used=$(printf '%s\n' "$line" | sed -n 's/.*#include "\([a-z]*\)\/.*/\1/p')
        case " $folder $* " in *" $used "*) ;; *) printf '# %s\n' "$line" ;; esac
    done)
    if [ -z "$wrong" ]; then
        echo "ok $n - src/$folder uses only: $*"
    else
        echo "not ok $n - src/$folder uses only: $*"
        printf '%s\n' "$wrong"
        bad=1
    fi
}

layer base
layer net base
layer block base net
layer image base block
layer volume base block
layer qemu base
layer fs base block volume qemu
layer guest base block volume fs
layer manifest base
layer ovf base block
layer provider base net block manifest ovf
layer deploy base manifest
layer pipeline base qemu block image volume fs guest manifest ovf deploy
echo "1..$n"
exit $bad
