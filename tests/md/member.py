#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-3.0-or-later
"""member.py OUT CONTENT ROLE [EVENTS]: member ROLE of a RAID 1 of two, its
superblock of version 1.2 (md(4); Linux, include/uapi/linux/raid/md_p.h).

CONTENT, a file of whole MiB, begins 1 MiB behind the member's start.  The
array is any:stack."""
import os
import struct
import sys

out, content, role = sys.argv[1], sys.argv[2], int(sys.argv[3])
events = int(sys.argv[4]) if len(sys.argv) > 4 else 20
sectors = os.path.getsize(content) // 512
DATA = 2048  # sectors
DEVICES = 2

sb = bytearray(256 + 2 * DEVICES)
struct.pack_into("<IIII", sb, 0, 0xA92B4EFC, 1, 0, 0)
sb[16:32] = bytes(range(16))
sb[32:41] = b"any:stack"
struct.pack_into("<QiIQII", sb, 64, 1700000000, 1, 0, sectors, 0, DEVICES)
struct.pack_into("<QQQQI", sb, 128, DATA, sectors, 8, 0, role)
sb[168:184] = bytes([role + 1] * 16)
struct.pack_into("<QQQ", sb, 192, 1700000000, events, 2**64 - 1)
struct.pack_into("<I", sb, 220, DEVICES)
struct.pack_into("<HH", sb, 256, 0, 1)
total = sum(struct.unpack("<%dI" % (len(sb) // 4), sb))
struct.pack_into("<I", sb, 216, (total & 0xFFFFFFFF) + (total >> 32))

with open(out, "wb") as f, open(content, "rb") as c:
    f.truncate((DATA + sectors) * 512)
    f.seek(4096)
    f.write(sb)
    f.seek(DATA * 512)
    while block := c.read(1 << 20):
        if block.count(0) == len(block):
            f.seek(len(block), 1)
        else:
            f.write(block)
