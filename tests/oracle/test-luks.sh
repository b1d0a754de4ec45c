#!/bin/sh
# SPDX-License-Identifier: LGPL-3.0-or-later
# LUKS: containers of cryptsetup and QEMU, read and written by us, and judged
# by QEMU's own ciphers.
set -u
. "$H2K_SOURCE/tests/tap.sh"
PATH=$PATH:/usr/sbin:/sbin
need qemu-img cryptsetup cmp truncate python3 xz tar
tool=$H2K_BUILD/tests/oracle/volume-tool
header=$H2K_SOURCE/tests/luks/header.py
cd "$tap_dir" || exit 1
head -c 1000448 /dev/urandom >plain # an odd number of 4 KiB
head -c 1000448 /dev/urandom >other
printf secret >key

luks() # OUT OPTIONS: LUKS1 with `plain`, by QEMU
{
    for _ in $(seq 20); do # it may have been too fast to measure itself
        qemu-img convert -f raw -O luks --object secret,id=s,file=key \
            -o "key-secret=s,iter-time=10,$2" plain "$1" 2>says && return
    done
    cat says
}
qemu_reads() # CONTAINER OUT
{
    qemu-img convert -O raw --object secret,id=s,file=key --image-opts \
        "driver=luks,key-secret=s,file.filename=$1" "$2"
}

for options in \
    cipher-alg=aes-256,cipher-mode=xts,ivgen-alg=plain64 \
    cipher-alg=aes-256,cipher-mode=cbc,ivgen-alg=essiv,ivgen-hash-alg=sha256 \
    cipher-alg=aes-128,cipher-mode=cbc,ivgen-alg=plain64,hash-alg=sha1; do
    luks disk "$options"
    "$tool" -k all:file:key cat 'disk / LUKS' disk | cmp - plain
    ok $? "LUKS1 is read: $options"
    [ -e xts ] || cp disk xts
    cp plain want
    dd if=other of=want bs=1000 count=777 conv=notrunc status=none
    dd if=other bs=1000 count=777 status=none |
        "$tool" -k all:file:key write 'disk / LUKS' disk &&
        qemu_reads disk got && cmp got want
    ok $? "and written, as QEMU reads it"
    echo "# matrix: LUKS | LUKS1, $options | read, write"
done
cp disk serpent # the cipher's name stands at 8
printf 'serpent\0' | dd of=serpent bs=1 seek=8 conv=notrunc status=none
"$tool" -k all:file:key list serpent >list 2>says
grep -q "^serpent: LUKS1: its cipher serpent-cbc-plain64 is not read" says
ok $? "another cipher is refused by name"

# LUKS2's header around QEMU's content: the same key.
mv xts disk
sectors=$(cryptsetup luksDump disk | sed -n 's/^Payload offset:[^0-9]*//p')
cryptsetup luksDump -q --dump-volume-key --volume-key-file volume-key \
    --key-file key disk >/dev/null
format() # OUT KEYFILE OPTION...
{
    out=$1 file=$2
    shift 2
    rm -f "$out"
    truncate -s 1M "$out"
    dd if=disk bs=512 skip="$sectors" status=none >>"$out"
    cryptsetup luksFormat -q --type luks2 --luks2-metadata-size 16k \
        --luks2-keyslots-size 768k --offset 2048 --cipher aes-xts-plain64 \
        --key-size 512 --volume-key-file volume-key "$@" "$out" "$file" >&2
}
fast='--pbkdf-force-iterations 4 --pbkdf-memory 64 --pbkdf-parallel 1'
for kdf in "--pbkdf argon2id $fast" "--pbkdf argon2i $fast" \
    "--pbkdf pbkdf2 --pbkdf-force-iterations 1000"; do
    # shellcheck disable=SC2086 # options are words
    format two key $kdf
    "$tool" -k two:0:key:secret cat 'two / LUKS' two | cmp - plain
    ok $? "LUKS2 is read: $kdf"
    kdf=${kdf#--pbkdf }
    echo "# matrix: LUKS | LUKS2, ${kdf%% *} | read"
done
uuid=$(cryptsetup luksUUID two)

# Keys.
printf 'secret\nnot the key\n' >lines
head -c 300 /dev/urandom >binary
printf 'second' >second
cryptsetup luksAddKey -q --pbkdf pbkdf2 --pbkdf-force-iterations 1000 \
    --key-file key two second
cryptsetup luksAddKey -q --pbkdf pbkdf2 --pbkdf-force-iterations 1000 \
    --key-file key two binary
for key in "$uuid:file:lines" "two:0:key:second" "all:file:binary" "two:file:second"
do
    "$tool" -k "$key" cat 'two / LUKS' two | cmp - plain
    ok $? "opened with $(echo "$key" | sed "s/$uuid/UUID/")"
done
"$tool" -k all:key:wrong -k all:key:second cat 'two / LUKS' two | cmp - plain
ok $? "with the second of two keys"
"$tool" list two >list 2>says
is "$(cat says)" "two: it is encrypted with LUKS2, and there is no key for \
it: give --key $uuid:file:PATH" "without a key it is said what to give"
"$tool" -k "all:key:wrong" list two >list 2>says
is "$(cat says)" "two: it is encrypted with LUKS2 (UUID $uuid), and the key \
given for it is wrong" "a wrong key"
"$tool" -k /dev/sdb7:key:secret list two 2>&1 |
    grep -q '^no encrypted volume of the guest is /dev/sdb7: '
ok $? "a key for nothing is said"
for key in secret :key:x /dev/sda1:key: /dev/sda1:clevis; do
    "$tool" -k "$key" list two 2>&1 | grep -q '^\(a key is given as\|the key for\)'
    ok $? "no key: $key"
done

# Written, then given back to QEMU.
"$tool" -k all:key:secret write 'two / LUKS' two <other
dd if=two of=disk bs=512 skip=2048 seek="$sectors" conv=notrunc status=none
qemu_reads disk got && cmp got other
ok $? "LUKS2 is written, as QEMU reads it"
echo "# matrix: LUKS | LUKS2 | write"
cryptsetup luksDump two >/dev/null
ok $? "and its header is as it was"

# By dm-crypt itself (tests/luks).
tar -xJf "$H2K_SOURCE/tests/luks/images.tar.xz"
for n in a b; do
    "$tool" -k "all:key:key-of-$n" cat "$n.luks / LUKS" $n.luks | cmp -n 65536 - content-$n
    ok $? "what Linux wrote: $(cryptsetup luksDump $n.luks |
        sed -n 's/^[[:space:]]*\(cipher\|sector\): //p' | tr '\n' ' ')"
done

# Damage.
says() # NAME TEXT: what is said of `bad`
{
    "$tool" -k all:key:secret list bad >list 2>said
    grep -qF "$2" said && ! grep -q content list
    ok $? "$1"
    sed 's/^/# /' said
}
format good key --pbkdf pbkdf2 --pbkdf-force-iterations 1000
cp good bad
printf X | dd of=bad bs=1 seek=5000 conv=notrunc status=none
"$tool" -k all:key:secret cat 'bad / LUKS' bad | cmp - other
ok $? "a damaged first header: the second is used"
printf X | dd of=bad bs=1 seek=$((16384 + 5000)) conv=notrunc status=none
says "both are damaged" 'LUKS2: both copies of its header are damaged'
head -c 900000 good >bad
says "cut short" 'LUKS2: its content begins beyond the end of the volume'
change() # EXPRESSION
{
    cp good bad
    python3 "$header" bad "$1"
}
slot='m["keyslots"]["0"]'
change "$slot['kdf']['iterations'] = 10**12"
says "absurd iterations" 'opening it would take too long: 1000000000000'
change "$slot['kdf'] = dict(type='argon2id', time=4, memory=1 << 32, cpus=4, salt='AAAA')"
says "absurd memory" 'opening it would take 4194304 MiB of memory, 1024 are'
change "$slot['kdf'] = dict(type='argon2id', time=1 << 20, memory=1 << 20, cpus=4, salt='AAAA')"
says "absurd passes" 'opening it would take too long: 1048576 passes'
change "$slot['kdf'] = dict(type='argon2id', time=1, memory=1 << 20, cpus=100000, salt='AAAA')"
says "absurd threads" 'opening it would take 100000 threads'
change "m['digests']['0']['iterations'] = 10**10"
says "an absurd digest" 'checking a key would take too long: 10000000000'
# One slot of 1000 iterations, whose key is checked with 1000 more.
change "m['digests']['0']['iterations'] = 1000"
"$tool" -b 2000 -k all:key:wrong list bad 2>&1 | grep -q 'given for it is wrong'
ok $? "what trying keys may cost"
"$tool" -b 1999 -k all:key:wrong list bad >list 2>said
grep -qF 'LUKS2: trying keys on all slots would take too long: name the' said
ok $? "and no more is tried"
"$tool" -b 3999 -k all:key:wrong -k bad:key:secret list bad 2>&1 |
    grep -q 'would take too long'
ok $? "all keys together"
change "$slot['area']['offset'] = '9000000'"
says "material outside" 'the material of key slot 0 does not lie between'
change "m['segments']['0']['integrity'] = dict(type='hmac(sha256)', journal_encryption='none', journal_integrity='none')"
says "integrity" 'integrity protection (hmac(sha256)) is not read yet'
change "m['config']['requirements'] = dict(mandatory=['online-reencrypt-v2'])"
says "an encryption under way" 'it is being encrypted anew: let the guest'
change "m['config']['requirements'] = dict(mandatory=['opal'])"
says "an unknown feature" 'its feature "opal" is not known'
change "m['segments']['0']['offset'] = '0'"
says "a detached header" 'its header is for content on another device'
change "m['segments']['0']['encryption'] = 'capi:adiantum(xchacha12,aes)-plain64'"
says "another cipher" 'its cipher capi:adiantum(xchacha12,aes)-plain64 is not'
change "m['segments']['0']['sector_size'] = 1000"
says "an odd sector" 'its metadata has no usable "sector_size"'
tap_done
