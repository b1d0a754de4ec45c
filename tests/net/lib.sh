# SPDX-License-Identifier: LGPL-3.0-or-later
# Servers, certificates and the client for the tests here; source it.
# shellcheck shell=sh
. "$H2K_SOURCE/tests/tap.sh"
need python3 openssl cmp
fetch=$H2K_BUILD/tests/net/fetch
unset http_proxy https_proxy HTTPS_PROXY ALL_PROXY all_proxy no_proxy NO_PROXY
cd "$tap_dir" || exit 1
servers=
trap 'for p in $servers; do kill "$p" 2>/dev/null; done; rm -rf "$tap_dir"' EXIT

# serve VARIABLE OPTION... FILE: starts a server; its port into VARIABLE.
serve()
{
    serve_into=$1
    shift
    rm -f port.fifo
    mkfifo port.fifo
    python3 "$H2K_SOURCE/tests/net/server.py" "$@" </dev/null >port.fifo &
    servers="$servers $!"
    read -r serve_port <port.fifo
    eval "$serve_into=\$serve_port"
}

# ca NAME: a CA, NAME.crt and NAME.key.
ca()
{
    openssl req -x509 -newkey rsa:2048 -nodes -keyout "$1.key" -out "$1.crt" \
        -days 10 -subj "/CN=$1" 2>/dev/null
}

# cert NAME CA NAMES [DAYS]: NAME.pem, signed by CA, for NAMES.
cert()
{
    openssl req -newkey rsa:2048 -nodes -keyout "$1.key" -out "$1.csr" \
        -subj "/CN=$1" 2>/dev/null
    printf 'subjectAltName=%s\n' "$3" >"$1.ext"
    openssl x509 -req -in "$1.csr" -CA "$2.crt" -CAkey "$2.key" \
        -CAcreateserial -extfile "$1.ext" -days "${4:-10}" -out "$1.crt" \
        2>/dev/null
    cat "$1.key" "$1.crt" >"$1.pem"
}

# thumbprint FILE, as openssl tells it.
thumbprint()
{
    openssl x509 -in "$1" -noout -fingerprint -sha256 | cut -d= -f2
}

# run ARGUMENT...: fetch with its output in out and err, its status in
# $status.
run()
{
    timeout 60 "$fetch" "$@" >out 2>err
    status=$?
}

# says WORDS NAME: the error has them.
says()
{
    grep -qF -- "$1" err
    ok $? "$2"
    grep -qF -- "$1" err || sed 's/^/# /' err
}

# fails WORDS NAME: the run failed, with them.
fails()
{
    [ "$status" -eq 1 ] && grep -qF -- "$1" err
    ok $? "$2"
    grep -qF -- "$1" err || { echo "# status $status"; sed 's/^/# /' err; }
}

# same FILE NAME: exactly this came.
same()
{
    [ "$status" -eq 0 ] && cmp -s out "$1"
    ok $? "$2"
    [ "$status" -eq 0 ] || sed 's/^/# /' err
}
