#!/bin/sh
# SPDX-License-Identifier: LGPL-3.0-or-later
# make-certs.sh DIR: ca.pem, and keys and certificates for localhost and
# 127.0.0.1: server (good), expired, wrongname; and selfsigned.
set -eu
cd "$1"

{
    openssl req -x509 -newkey rsa:2048 -nodes -days 30 -sha256 \
        -subj '/CN=hyper2kvm test CA' -keyout ca.key -out ca.pem \
        -addext 'basicConstraints=critical,CA:TRUE' \
        -addext 'keyUsage=critical,keyCertSign,cRLSign'
    # One key serves all: it is slow to make.
    openssl genrsa -out server.key 2048
    openssl req -x509 -key server.key -days 30 -sha256 -subj '/CN=localhost' \
        -addext 'subjectAltName=DNS:localhost,IP:127.0.0.1' \
        -out selfsigned.pem
} >certs.out 2>&1 || { cat certs.out >&2; exit 1; }

# sign NAME SUBJECT SAN [START END]
mkdir -p ca-certs
: >ca-index.txt
cat >ca.conf <<END
[ca]
default_ca = test
[test]
database = ca-index.txt
new_certs_dir = ca-certs
rand_serial = yes
certificate = ca.pem
private_key = ca.key
default_md = sha256
default_days = 20
policy = any
unique_subject = no
copy_extensions = copy
[any]
commonName = supplied
END
sign()
{
    name=$1 subject=$2 san=$3
    shift 3
    {
        openssl req -new -key server.key -subj "$subject" \
            -addext "subjectAltName=$san" -out "$name.csr"
        openssl ca -config ca.conf -batch -notext "$@" -in "$name.csr" \
            -out "$name.pem"
    } >certs.out 2>&1 || { cat certs.out >&2; exit 1; }
}
sign expired /CN=localhost DNS:localhost,IP:127.0.0.1 \
    -startdate 20200101000000Z -enddate 20200201000000Z
sign wrongname /CN=elsewhere.invalid DNS:elsewhere.invalid
sign server /CN=localhost DNS:localhost,IP:127.0.0.1
