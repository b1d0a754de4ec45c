#!/bin/sh
# SPDX-License-Identifier: LGPL-3.0-or-later
# The vfat driver against dosfstools and mtools: images that mkfs.fat made
# and mcopy filled are read as mtype reads them; what we changed passes
# fsck.fat -n and is what mtools sees.
# shellcheck source=tests/tap.sh
. "$H2K_SOURCE/tests/tap.sh"
need mkfs.fat fsck.fat mcopy mdir mtype mmd sha256sum
fs_op=$H2K_BUILD/tests/oracle/fs-op
cd "$tap_dir" || exit 1
PATH=$PATH:/sbin:/usr/sbin
export LC_ALL=C.UTF-8 MTOOLS_SKIP_CHECK=1

# A tree with what matters: long names, names in other scripts, names that
# differ in short form by their tail alone, a directory of several clusters.
make_source()
{
    mkdir -p src/EFI/debian src/EFI/BOOT src/many
    head -c 1500000 /dev/urandom >src/EFI/debian/grubx64.efi
    head -c 70001 /dev/urandom >src/EFI/debian/shimx64.efi
    cp src/EFI/debian/shimx64.efi src/EFI/BOOT/BOOTX64.EFI
    echo "a line" >"src/a file with a rather long name, of two pieces.conf"
    echo "umlaut" >"src/Grüße.txt"
    echo "greek" >"src/Ελληνικά.txt"
    : >src/empty
    for i in $(seq 120); do echo "$i" >"src/many/entry number $i.txt"; done
}

sums_here() { (cd "$1" && find . -type f | sed 's/^\.//' | sort |
    while read -r f; do
        echo "$f $(sha256sum "./$f" | cut -c 1-64)"
    done); }
sums_ours() { echo tree | "$fs_op" -r "$1" |
    sed -n 's/ 100[0-7]* 0:0 links=.* \([0-9a-f]\{64\}\)$/ \1/p' | sort; }

make_image()
{
    rm -f image image.check
    truncate -s "$1" image
    shift
    mkfs.fat "$@" image >mkfs.log 2>&1
}

fill_image() { mcopy -i image -s src/* :: >mcopy.log 2>&1; }

sound()
{
    fsck.fat -n image >fsck.log 2>&1
    status=$?
    ok $status "$1"
    [ $status -eq 0 ] || sed 's/^/# /' fsck.log
}

cat >script <<'END'
create /EFI/new-file 0644
fill /EFI/new-file 0 100000 7
check
fill /EFI/new-file 250000 5000 8
truncate /EFI/new-file 200000
truncate /EFI/new-file 300001
check
chmod /EFI/new-file 0444
chown /EFI/new-file 0 0
mtime /EFI/new-file 1700000000
check
mkdir /EFI/Linux
create /EFI/Linux/x
write /EFI/Linux/x hello
check
rename /EFI/Linux/x /EFI/y.long.name
rename /EFI/y.long.name /EFI/debian/GRUBX64.efi
check
rename /EFI/boot/bootx64.efi /EFI/Linux/moved
check
unlink /empty
unlink /grüße.TXT
check
truncate /EFI/debian/shimx64.efi 0
truncate /EFI/debian/shimx64.efi 5000
check
! create /EFI/new-file
! create /EFI/NEW-FILE
! create /a:b
! create /ends-with.
! mkdir /EFI/new-file/below
! unlink /EFI/Linux
! rename /nothing /something
! symlink /link target
! chown /EFI/new-file 1000 1000
! chmod /EFI/new-file 04755
! setxattr /EFI/new-file user.x y
! write /EFI hello
check
END
for i in $(seq 150); do
    echo "create /many/another-file-with-quite-a-long-name-$i-----------"
done >>script
echo check >>script

test_options()
{
    size=$1
    shift
    if ! make_image "$size" "$@" || ! fill_image; then
        ok 1 "mkfs.fat $*"
        sed 's/^/# /' mkfs.log mcopy.log
        return
    fi
    sums_ours image >ours.sums
    cmp -s ours.sums source.sums
    status=$?
    ok $status "$*: reads all files"
    [ $status -eq 0 ] || diff ours.sums source.sums | head | sed 's/^/# /'
    "$fs_op" image <script >log 2>&1
    status=$?
    ok $status "$*: changes, with fsck.fat -n after each"
    [ $status -eq 0 ] || sed 's/^/# /' log image.check
    sound "$*: fsck.fat -n finds nothing"
    is "$(mtype -i image ::EFI/debian/grubx64.efi)" hello \
        "$*: mtype reads what was renamed over another"
    is "$(mtype -i image ::EFI/Linux/moved | sha256sum)" \
        "$(sha256sum <src/EFI/BOOT/BOOTX64.EFI)" "$*: and what was moved"
    echo "# matrix: vfat | mkfs.fat $*, $size | read, write"
    mtype -i image ::EFI/new-file | sha256sum >theirs
    echo 'cat /EFI/new-file' | "$fs_op" -r image | sha256sum | cmp -s - theirs
    ok $? "$*: and what was written in pieces"
    is "$(mdir -i image -b ::many | wc -l)" 270 "$*: and lists the names"
    is "$(mdir -i image -a ::EFI | grep -c '2023-11-14  22:13  new-file')" 1 \
        "$*: and the time"
    free=$(sed -n 's/^image: .* \([0-9]*\)\/\([0-9]*\) clusters/\2 \1/p' \
        fsck.log | awk '{ print $1 - $2 }')
    cluster=$(fsck.fat -nv image | sed -n 's/^ *\([0-9]*\) bytes per cluster/\1/p')
    is "$(echo space | "$fs_op" -r image)" "$((free * cluster))" \
        "$*: what is free is as fsck.fat counts"
}

# Space that is reported free holds nothing: spoil it, and nothing changes.
test_free()
{
    make_image "$@" && fill_image
    shift
    printf 'unlink /EFI/debian/grubx64.efi\nfree\n' | "$fs_op" image >ranges
    is "$(awk '{ n += $2 } END { printf "%d", n }' ranges)" \
        "$(echo space | "$fs_op" -r image)" "$*: all that is free is reported"
    sums_ours image >before
    echo spoil | "$fs_op" image
    sums_ours image | cmp -s - before
    ok $? "$*: no file changes when free clusters are overwritten"
    sound "$*: nor does fsck.fat find anything"
}

test_random()
{
    make_image "$@"
    shift
    for i in 1 2 3 4 5 6; do
        for part in 1 2 3 4; do
            echo "random $i$part 40"
            echo check
        done
    done | "$fs_op" image >log 2>&1
    status=$?
    ok $status "$*: 960 random changes as a model has them"
    [ $status -eq 0 ] || tail -n 5 log image.check | cut -c 1-300 |
        sed 's/^/# /'
}

# What does not fit is refused, and nothing is left half done.
test_full()
{
    make_image "$@"
    shift
    echo "create /a" | "$fs_op" image
    at=0
    while echo "fill /a $at 100000 1" | "$fs_op" image 2>log; do
        at=$((at + 100000))
    done
    grep -q 'the filesystem is full' log && [ "$at" -gt 500000 ]
    ok $? "$*: is full after $at bytes, and says so"
    sound "$*: and sound"
    left=$(echo space | "$fs_op" -r image)
    printf 'create /b\nfill /b 0 %d 1\ncheck\n! mkdir /c\n! fill /b 0 %d 1\n' \
        "$left" $((left + 1)) | "$fs_op" image >log 2>&1
    ok $? "$*: takes the last byte and no more"
    printf 'unlink /a\nmkdir /c\ncheck\n' | "$fs_op" image >log 2>&1
    ok $? "$*: and has room again"
    sound "$*: and is sound"
}

# A root directory of a fixed size.
test_root_full()
{
    make_image 2M -F 12 -r 112
    i=0
    while echo "create /file$i" | "$fs_op" image 2>log; do i=$((i + 1)); done
    grep -q 'root directory is full, with 112 entries' log
    ok $? "a full root directory is refused"
    is "$i" 56 "after as many names as it has room for"
    sound "and is sound"
}

# Short names are what others make of long ones: unique.
test_short()
{
    make_image 8M
    for i in $(seq 30); do echo "create /a-long-name-$i.text"; done |
        "$fs_op" image
    is "$(mdir -i image -a :: | grep -oE '^A-LON[^ ]* +TEX' | sort -u |
        wc -l)" 30 "thirty long names have thirty short ones"
    echo 'cat /A-LON~30.TEX' | "$fs_op" -r image
    ok $? "by which they are found"
    sound "and fsck.fat agrees"
}

# poke OFFSET OCTAL
# shellcheck disable=SC2059 # these are escapes
poke() { printf "$2" | dd of=image bs=1 seek="$1" conv=notrunc 2>/dev/null; }

refused()
{
    echo 'create /x' | "$fs_op" image 2>log
    grep -q "$1" log
    status=$?
    ok $status "$2: is not written to"
    [ $status -eq 0 ] || sed 's/^/# /' log
    echo free | "$fs_op" -r image >/dev/null 2>&1
    [ $? -eq 1 ]
    ok $? "$2: nor is its free space left out"
}

# FAT16 of one sector a cluster: the tables are at 512 and so on.
test_damage()
{
    damaged() { make_image 4M -F 16 -s 1 -R 1 -r 512 -a && fill_image; }
    damaged
    mdir -i image :: >/dev/null
    fat=512
    poke $((fat + 2 * 100)) '\144\0' # cluster 100 follows itself
    refused 'copies of the allocation table differ' "one table changed"
    copy=$((fat + $(od -An -tu2 -j 22 -N 2 image) * 512))
    poke $((copy + 2 * 100)) '\144\0'
    refused 'is used twice' "a chain that is a loop"
    echo tree | timeout 60 "$fs_op" -r image >/dev/null 2>&1
    [ $? -lt 2 ]
    ok $? "a chain that is a loop: is read to an end"
    damaged
    poke $((fat + 2 * 100)) '\0\0'
    poke $((copy + 2 * 100)) '\0\0'
    refused 'goes on at 0' "a chain through a free cluster"
    damaged
    # The first file in "many", behind two pieces of its long name, becomes that
    # directory itself.
    root=$((copy + copy - fat))
    many=$(od -An -v -c -w32 -j $root -N 16384 image | tr -d ' ' |
        grep -n '^MANY' | cut -d : -f 1)
    first=$(od -An -tu2 -j $((root + (many - 1) * 32 + 26)) -N 2 image)
    place=$((root + 512 * 32 + (first - 2) * 512))
    poke $((place + 128 + 11)) '\020'
    poke $((place + 128 + 26)) "\\$(printf %o $((first % 256)))\\$(printf %o $((first / 256)))"
    refused 'does not belong where it was found' "a directory in itself"
    echo tree | "$fs_op" -r image >/dev/null 2>log
    grep -q 'a directory that belongs to another' log
    ok $? "a directory in itself: is not gone into"
}

# The system partition of a machine that was cut off.
test_dirty()
{
    make_image 64M -F 32 && fill_image
    poke 65 '\1'
    is "$(echo info | "$fs_op" -r image | grep -o 'clean=[01]')" clean=0 \
        "a dirty bit is seen"
    echo 'create /x' | "$fs_op" image
    ok $? "and is no hindrance where all is sound"
    echo free | "$fs_op" -r image 2>log
    grep -q 'was not unmounted cleanly' log
    ok $? "but what is free is kept"
    fsck.fat -n image | grep -q 'Dirty bit is set'
    ok $? "and it stays set"
}

make_source
sums_here src >source.sums
while read -r options; do
    # shellcheck disable=SC2086
    test_options $options
done <<'END'
4M -F 12
8M -F 12 -s 8 -f 1
20M -F 12 -s 32 -r 2048
16M -F 16
16M -F 16 -s 1 -f 1
64M -F 16 -s 8 -R 33
64M -F 16 -S 1024 -s 4
128M -F 16 -S 4096 -s 2
64M -F 32
64M -F 32 -s 1 -f 1
300M -F 32 -s 8 -R 64
300M -F 32 -S 2048 -s 2
300M -F 32 -S 4096 -s 1
64M -F 32 -a -b 3
END
test_free 64M -F 32
test_free 16M -F 16
test_free 4M -F 12
test_random 16M -F 12 -s 16 -r 8192
test_random 64M -F 16 -r 8192 -s 4
test_random 64M -F 32 -s 1
test_random 300M -F 32 -S 4096 -s 1
test_full 2M -F 12
test_full 4M -F 16 -s 1
test_full 36M -F 32 -s 1
test_root_full
test_short
test_damage
test_dirty
tap_done
