#!/bin/bash
# SPDX-License-Identifier: LGPL-3.0-or-later
# --help-all, the manual page and the completions know the same options.
# shellcheck source=../tap.sh
. "$H2K_SOURCE/tests/tap.sh"
need mandoc col

names()
{
    grep -oE -- '--[a-z][a-z0-9-]*' | sort -u
}

# same FILE FILE NAME
same()
{
    diff "$1" "$2" >"$tap_dir/diff"
    ok $? "$3"
    sed 's/^/# /' "$tap_dir/diff"
}

# compare PROGRAM
compare()
{
    command=$H2K_BUILD/$1
    "$command" --help-all | grep -E '^  ' >"$tap_dir/help"
    grep -oE '^ +(-., )?--[a-z][a-z0-9-]*' "$tap_dir/help" | names >"$tap_dir/help.names"
    mandoc -T utf8 "$H2K_SOURCE/man/$1.1" | col -bx >"$tap_dir/man"
    sed -n '/^DESCRIPTION/,/^ENVIRONMENT/p' "$tap_dir/man" |
        grep -E '^ +(-., )*--[a-z]' | grep -v '^ *--name=' >"$tap_dir/man.lines"
    grep -oE '^ +(-., )*--[a-z][a-z0-9-]*' "$tap_dir/man.lines" | names \
        >"$tap_dir/man.names"
    sed -n '/compgen -W "$/,/--version"/p' \
        "$H2K_SOURCE/completions/$1.bash" | names >"$tap_dir/completion.names"

    [ "$(wc -l <"$tap_dir/help.names")" -gt 20 ]
    ok $? "$1: the options were found in --help-all"
    for other in man completion; do
        same "$tap_dir/help.names" "$tap_dir/$other.names" \
            "$1: --help-all and the $other name the same options"
    done

    # In the same order, and with the same argument.
    option='--[a-z][a-z0-9-]*( [A-Z][A-Za-z0-9=:/-]*| 1-9)?'
    grep -oE "^ +(-., )?$option( |\$)" "$tap_dir/help" |
        grep -oE -- "$option" >"$tap_dir/help.args"
    grep -oE "^ +(-., )*$option( {2}|\$)" "$tap_dir/man.lines" |
        grep -oE -- "$option" >"$tap_dir/man.args"
    same "$tap_dir/help.args" "$tap_dir/man.args" \
        "$1: in the same order, with the same arguments"

    "$command" --help >"$tap_dir/screen"
    [ "$(wc -l <"$tap_dir/screen")" -le 40 ] &&
        ! grep -qE '.{80}' "$tap_dir/screen"
    ok $? "$1: --help is one screen"
    ! "$command" --help-all | grep -qE '.{80}'
    ok $? "$1: --help-all is as wide as a terminal"
    mandoc -T lint -W warning "$H2K_SOURCE/man/$1.1" >"$tap_dir/lint"
    ok $? "$1: the manual page has no mistakes"
    sed 's/^/# /' "$tap_dir/lint"

    "$command" --version | grep -q "^$1 [0-9]"
    ok $? "$1: --version"
    "$command" --manifets x 2>"$tap_dir/err"
    is "$?" 2 "$1: an unknown option exits with 2"
    grep -q "did you mean --manifest?" "$tap_dir/err"
    ok $? "$1: and the nearest one is named"
    "$command" >"$tap_dir/none" 2>&1
    is "$?" 2 "$1: no arguments show the help and exit with 2"
}

compare hyper2kvm
compare hyperexport
tap_done
