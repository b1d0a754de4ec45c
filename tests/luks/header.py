#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-3.0-or-later
"""header.py CONTAINER EXPRESSION: change the metadata of a LUKS2 container.

EXPRESSION is Python that works on `m`, the metadata as a dictionary.  Both
copies get it, with checksums that are right."""
import hashlib
import json
import struct
import sys

path, expression = sys.argv[1:]
with open(path, "r+b") as f:
    size = struct.unpack_from(">Q", f.read(16), 8)[0]
    f.seek(4096)
    m = json.loads(f.read(size - 4096).rstrip(b"\0"))
    exec(expression)
    text = json.dumps(m).encode()
    for at in 0, size:
        f.seek(at)
        header = bytearray(f.read(4096))
        header[448:512] = bytes(64)
        body = bytes(header) + text.ljust(size - 4096, b"\0")
        header[448:480] = hashlib.sha256(body).digest()
        f.seek(at)
        f.write(header + body[4096:])
