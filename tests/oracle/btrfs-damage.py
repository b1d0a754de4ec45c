#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-3.0-or-later
"""btrfs-damage.py first-copies|both-copies|random IMAGE [SEED]

first-copies: every block of the first of the two copies of all (DUP), and the
first superblock.  both-copies: a byte of every tree block.
random: some bytes of what is not zero, and of checksums' cover made right in
half of the cases, so that what is behind them is reached."""
import random
import re
import subprocess
import sys

BLOCK = 4096
SUPER = 65536


def crc32c(data):
    crc = 0xffffffff
    for byte in data:
        crc = TABLE[(crc ^ byte) & 0xff] ^ (crc >> 8)
    return crc ^ 0xffffffff


def make_table():
    table = []
    for i in range(256):
        for _ in range(8):
            i = (i >> 1) ^ (0x82f63b78 if i & 1 else 0)
        table.append(i)
    return table


TABLE = make_table()


def blocks(image, fsid):
    """(place, logical address) of every tree block."""
    for at in range(SUPER + BLOCK, len(image), BLOCK):
        if image[at + 32:at + 48] == fsid and image[at + 64:at + 72] != b"_BHRfS_M":
            yield at, int.from_bytes(image[at + 48:at + 56], "little")


def spoil_copies(path, image):
    """The first copy of all that is there twice."""
    text = subprocess.run(
        ["btrfs", "inspect-internal", "dump-tree", "-t", "chunk", path],
        capture_output=True, text=True, check=True).stdout
    for length, first in re.findall(
            r"length (\d+) owner[^\n]*DUP\n.*?stripe 0 devid 1 offset (\d+)",
            text, re.S):
        for at in range(int(first), int(first) + int(length), BLOCK):
            if any(image[at:at + BLOCK]) and at != 64 << 20:
                image[at + 100] ^= 1
    image[SUPER + 1000] ^= 0xff


def spoil_trees(image, fsid):
    for at, _ in blocks(image, fsid):
        image[at + 100] ^= 1


def at_random(image, fsid, seed):
    rnd = random.Random(seed)
    node = int.from_bytes(image[SUPER + 148:SUPER + 152], "little")
    trees = [(at, node) for at, _ in blocks(image, fsid)] + [(SUPER, BLOCK)]
    for _ in range(rnd.choice([1, 3, 20])):
        at, size = rnd.choice(trees)
        for _ in range(rnd.choice([1, 2, 8])):
            where = at + rnd.choice([rnd.randrange(size), 32 + rnd.randrange(200)])
            image[where] = rnd.choice([0, 1, 0x7f, 0xff, rnd.randrange(256)])
        if seed % 2 == 0:
            image[at:at + 4] = crc32c(image[at + 32:at + size]).to_bytes(4, "little")


def main():
    how, path = sys.argv[1:3]
    with open(path, "rb") as f:
        image = bytearray(f.read())
    fsid = bytes(image[SUPER + 32:SUPER + 48])
    before = bytes(image)
    if how == "random":
        at_random(image, fsid, int(sys.argv[3]))
    elif how == "both-copies":
        spoil_trees(image, fsid)
    else:
        spoil_copies(path, image)
    with open(path, "r+b") as f:
        for at in range(0, len(image), BLOCK):
            if image[at:at + BLOCK] != before[at:at + BLOCK]:
                f.seek(at)
                f.write(image[at:at + BLOCK])


main()
