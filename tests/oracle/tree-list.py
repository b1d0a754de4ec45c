#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-3.0-or-later
"""tree-list.py DIRECTORY: what is below it, as the kernel sees it, in the
form that fs-op's `tree` prints."""
import hashlib
import os
import stat
import sys

# Names that the kernel shows twice, to root.
HIDDEN = {"trusted.SGI_ACL_FILE", "trusted.SGI_ACL_DEFAULT"}


def sha256(path):
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def line(path, name):
    st = os.lstat(path)
    parts = [name or b"/", b"%o" % st.st_mode,
             b"%d:%d" % (st.st_uid, st.st_gid), b"links=%d" % st.st_nlink]
    if not stat.S_ISDIR(st.st_mode):
        parts.append(b"size=%d" % st.st_size)
    parts.append(b"mtime=%d" % (st.st_mtime_ns // 1000000000))
    if stat.S_ISLNK(st.st_mode):
        parts += [b"->", os.readlink(path)]
    if stat.S_ISREG(st.st_mode):
        parts.append(sha256(path).encode())
    for key in sorted(os.fsencode(x)
                      for x in os.listxattr(path, follow_symlinks=False)
                      if x not in HIDDEN):
        value = os.getxattr(path, key, follow_symlinks=False)
        parts.append(key + b"=" + value.hex().encode())
    return b" ".join(parts) + b"\n"


def walk(path, name, out):
    out.write(line(path, name))
    if os.path.islink(path) or not os.path.isdir(path):
        return
    for child in sorted(os.listdir(path)):
        if child != b"lost+found":
            walk(path + b"/" + child, name + b"/" + child, out)


sys.setrecursionlimit(100000)
walk(os.fsencode(sys.argv[1]), b"", sys.stdout.buffer)
