#!/bin/bash
# SPDX-License-Identifier: LGPL-3.0-or-later
# --help-all, the manual page and the completions know the same options.
# shellcheck source=../tap.sh
. "$H2K_SOURCE/tests/tap.sh"
need mandoc col

h2k=$H2K_BUILD/hyper2kvm
names()
{
    grep -oE -- '--[a-z][a-z0-9-]*' | sort -u
}

"$h2k" --help-all | grep -E '^  ' >"$tap_dir/help"
grep -E '^ +(-., )?--' "$tap_dir/help" | names >"$tap_dir/help.names"
mandoc -T utf8 "$H2K_SOURCE/man/hyper2kvm.1" | col -bx >"$tap_dir/man"
sed -n '/^DESCRIPTION/,/^FILES/p' "$tap_dir/man" |
    grep -E '^ +(-., )?--[a-z]' | names | grep -v -- '^--name$' \
    >"$tap_dir/man.names"
sed -n '/compgen -W "$/,/--version"/p' "$H2K_SOURCE/completions/hyper2kvm.bash" |
    names >"$tap_dir/completion.names"

[ "$(wc -l <"$tap_dir/help.names")" -gt 20 ]
ok $? "the options were found in --help-all"
for other in man completion; do
    diff "$tap_dir/help.names" "$tap_dir/$other.names" >"$tap_dir/diff"
    ok $? "--help-all and the $other name the same options"
    sed 's/^/# /' "$tap_dir/diff"
done

# An option's argument is the same in both.
grep -oE -- '--[a-z-]+ [A-Z1-9-]+' "$tap_dir/help" | sort -u >"$tap_dir/help.args"
grep -oE -- '^ +(-., )?(-O, )?--[a-z-]+ [A-Z1-9-]+$' "$tap_dir/man" |
    grep -oE -- '--[a-z-]+ [A-Z1-9-]+' | sort -u >"$tap_dir/man.args"
diff "$tap_dir/help.args" "$tap_dir/man.args" >"$tap_dir/diff"
ok $? "with the same arguments"
sed 's/^/# /' "$tap_dir/diff"

"$h2k" --help >"$tap_dir/screen"
[ "$(wc -l <"$tap_dir/screen")" -le 40 ] && ! grep -qE '.{80}' "$tap_dir/screen"
ok $? "--help is one screen"
mandoc -T lint -W warning "$H2K_SOURCE/man/hyper2kvm.1" >"$tap_dir/lint"
ok $? "the manual page has no mistakes"
sed 's/^/# /' "$tap_dir/lint"

"$h2k" --version | grep -q "^hyper2kvm [0-9]"
ok $? "--version"
"$h2k" --manifets x 2>"$tap_dir/err"
is "$?" 2 "an unknown option exits with 2"
grep -q "did you mean --manifest?" "$tap_dir/err"
ok $? "and the nearest one is named"
"$h2k" >"$tap_dir/none" 2>&1
is "$?" 2 "no arguments show the help and exit with 2"
tap_done
