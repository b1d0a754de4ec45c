#!/bin/sh
# SPDX-License-Identifier: LGPL-3.0-or-later
# Whom the HTTP client trusts, judged by certificates that openssl makes.
set -u
. "$H2K_SOURCE/tests/net/lib.sh"
here='DNS:localhost,IP:127.0.0.1'
ca home
ca other
cert good home "$here"
cert elsewhere home 'DNS:vcenter.example,DNS:other.example'
cert old home "$here" -1
openssl req -x509 -newkey rsa:2048 -nodes -keyout self.key -out self.crt \
    -days 10 -subj /CN=self -addext "subjectAltName=$here" 2>/dev/null
cat self.key self.crt >self.pem
printf 'hello' >file
serve good_port --tls good.pem file
serve elsewhere_port --tls elsewhere.pem file
serve old_port --tls old.pem file
serve self_port --tls self.pem file
serve ancient_port --tls good.pem --old file
good=https://localhost:$good_port
self=https://localhost:$self_port

run -c home.crt get "$good/file"
same file 'a CA of --ca-file is trusted'
run -c home.crt get "https://127.0.0.1:$good_port/file"
same file 'also for an address'
run get "$good/file?token=hidden"
fails 'untrusted 0' 'an unknown CA is not'
says "signed by an unknown CA (CN=home)" 'which is said'
says "--thumbprint $(thumbprint good.crt)" 'with the thumbprint that accepts it'
says '--ca-file' 'and the other way'
! grep -q hidden err
ok $? 'the query is not shown'
is "$(wc -c <out)" 0 'nothing came'
run -c other.crt get "$good/file"
fails 'unknown CA' "another CA's is not trusted"
run -c self.crt get "$self/file"
same file "the server's own certificate will do as --ca-file"
run get "$self/file"
fails 'unknown CA (CN=self)' 'a self-signed one is unknown without'

run -c home.crt get "https://localhost:$elsewhere_port/file"
fails 'is for another name: DNS:vcenter.example, DNS:other.example' \
    'a certificate for another name is refused, and the names told'
says "--thumbprint $(thumbprint elsewhere.crt)" 'with its thumbprint'
run -c home.crt get "https://localhost:$old_port/file"
fails 'has expired' 'an expired one is refused'
says "--thumbprint $(thumbprint old.crt)" 'with its thumbprint'

for name in good elsewhere old self; do
    eval "port=\$${name}_port"
    run -p "$(thumbprint $name.crt)" get "https://localhost:$port/file"
    same file "thumbprint of $name: trusted, and nothing else counts"
done
run -p "$(thumbprint good.crt | tr -d : | tr A-F a-f)" get "$good/file"
same file 'a thumbprint in small letters without colons'
run -p "$(thumbprint self.crt)" -c home.crt get "$good/file"
fails 'untrusted 0' 'another thumbprint is refused, whoever signed it'
says "$(thumbprint good.crt)" 'and the one that it has is shown'
run -p "$(thumbprint self.crt)" -k get "$good/file"
fails 'untrusted 0' 'also where insecure was asked for'
run -p AB:CD get "$good/file"
fails 'not a SHA-256 thumbprint' 'what is no thumbprint is refused'
run -p "$(openssl x509 -in good.crt -noout -fingerprint -sha1 | cut -d= -f2)" \
    get "$good/file"
fails 'may be a SHA-1 one' 'a SHA-1 thumbprint is recognised'
run -c missing.crt get "$good/file"
fails 'missing.crt: cannot be read' 'a file of CAs that is not there'
run -c file get "$good/file"
fails 'file: cannot be read' 'one without certificates'

run -k get "$self/file" , get "$self/file"
is "$status $(cat out)" '0 hellohello' 'insecure: all are trusted'
is "$(grep -c '^warning: ' err)" 1 'with one warning a client'
run -c home.crt get "$good/file" , get "https://localhost:$elsewhere_port/file"
is "$(grep -c '^warning: ' err)" 0 'and none otherwise'

sha1=$(openssl x509 -in self.crt -noout -fingerprint -sha1 | cut -d= -f2)
run -c home.crt trust "$self/any" "$sha1" , get "$self/file" , get "$good/file"
is "$status $(cat out)" '0 hellohello' \
    "a host's SHA-1, told by another, and the rest as before"
run -p "$(thumbprint good.crt)" trust "$self" "$(thumbprint self.crt)" , \
    get "$self/file" , get "$good/file"
is "$status $(cat out)" '0 hellohello' 'or its SHA-256, beside a thumbprint'
run -c self.crt trust "$self" "$(thumbprint good.crt)" , get "$self/file"
fails 'not the one that the server named' 'it is all that counts there'
run trust "$self" AB:CD
fails 'not a thumbprint' 'and it must be one'

run thumbprint "$self"
is "$(cat out)" "$(thumbprint self.crt)" 'the thumbprint can be asked for'
run -c self.crt get "$self/file" , thumbprint "$self/count/x"
is "$(tail -c 96 out)" "$(thumbprint self.crt)" 'also on a client that is connected'
run thumbprint "http://localhost:$good_port"
fails 'needs https' 'not of a server without TLS'

run -c home.crt get "https://localhost:$ancient_port/file"
fails 'untrusted 0' 'TLS 1.1 is refused'
run get "http://localhost:$good_port/file"
fails 'broken 0' 'a TLS server asked without TLS'
run get file:///etc/passwd
fails "'file' is not a protocol" 'only http and https'
run get "ftp://localhost/x"
fails "'ftp' is not a protocol" 'no ftp'
run get "https://user:hunter2@localhost:$good_port/file"
fails 'unknown CA' 'a password in a URL'
! grep -q hunter2 err
ok $? 'is never shown'
tap_done
