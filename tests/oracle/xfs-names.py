#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-3.0-or-later
"""xfs-names.py COUNT SEED: names that all have one hash.  The hash turns left
by 7 bits and takes the next byte in by exclusive or, so that the last five
bytes of a name can make it anything."""
import random
import string
import sys

GOOD = set((string.ascii_letters + string.digits + "_-+=.,@^~").encode())
HASH = 0x3A5C7E11


def turn(value, bits):
    bits %= 32
    return (value << bits | value >> (32 - bits)) & 0xFFFFFFFF


def name_hash(name):
    value = 0
    for byte in name:
        value = byte ^ turn(value, 7)
    return value


def collide(r):
    while True:
        name = bytes(r.choice(b"abcdefghijklmnopqrstuvwxyz") for _ in range(8))
        left = turn(name_hash(name), 35) ^ HASH
        first = r.choice((4, 5, 6, 7)) << 4 | left >> 28
        left ^= turn(first, 28)
        name += bytes((first, left >> 21 & 127, left >> 14 & 127,
                       left >> 7 & 127, left & 127))
        if name_hash(name) == HASH and GOOD.issuperset(name):
            return name.decode()


r = random.Random(int(sys.argv[2]))
names = set()
while len(names) < int(sys.argv[1]):
    names.add(collide(r))
print("\n".join(sorted(names)))
