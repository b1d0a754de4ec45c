# SPDX-License-Identifier: LGPL-3.0-or-later
# What a guest told of itself on its console, in $tap_dir/WHAT.  Sourced.
# shellcheck shell=bash

# report: what h2k-report said on the console of standard input, and where it
# did so twice the last time.
report()
{
    tr -d '\r' | grep -a 'h2k-report\[' | sed 's/.*h2k-report\[[0-9]*\]: //' |
        sed -n '/^H2K-GUEST-BEGIN/h; //!H; ${ x; p; }'
}

# For a script that the guest runs: the report once more.  A getty that begins
# hangs up the console, and what was told just then is lost.
report_again()
{
    echo 'sleep 10'
    echo "sed '/^report\$/q' /usr/local/sbin/h2k-report | sh"
}

# told WHAT WORD: the lines of its report that begin so
told()
{
    grep "^$2" "$tap_dir/$1" | LC_ALL=C sort
}

# network WHAT: the name and the address of its interface, whatever else is
# said of it.
network()
{
    told "$1" 'net: en' | sed -E 's/ +/ /g; s/^(net: [^ ]+).*( 10\.0\.2\.15\/24).*/\1\2/'
}
