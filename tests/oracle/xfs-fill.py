#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-3.0-or-later
"""xfs-fill.py DIRECTORY: fill a mounted XFS with what matters for reading it.
   xfs-fill.py --proto DIRECTORY: print the protofile (mkfs.xfs -p) of a tree.
   xfs-fill.py --holes DIRECTORY: use up all space but pieces too small for a
   whole chunk of inodes, then make files."""
import fcntl
import os
import random
import socket
import stat
import struct
import sys

FICLONE = 0x40049409
FALLOC = {"keep": 1, "punch": 3}
rnd = random.Random(4)


def write(name, data=b"", at=0):
    with open(name, "r+b" if os.path.exists(name) else "wb") as file:
        file.seek(at)
        file.write(data)


def fallocate(name, mode, offset, length):
    import ctypes
    libc = ctypes.CDLL(None, use_errno=True)
    fd = os.open(name, os.O_RDWR | os.O_CREAT, 0o644)
    if libc.fallocate(fd, mode, ctypes.c_long(offset), ctypes.c_long(length)):
        raise OSError(ctypes.get_errno(), "fallocate")
    os.close(fd)


def names(directory, count, length):
    os.mkdir(directory)
    for i in range(count):
        name = "%s/%d" % (directory, i)
        write(name + "-" * (length - len(str(i))), b"%d" % i)


def directories():
    """Every form, by how many names there are; some of them removed again, so
    that there are gaps, stale entries and holes."""
    os.mkdir("empty")
    names("inode", 4, 8)
    names("block", 60, 20)
    names("leaf", 200, 40)
    names("node", 1500, 60)
    names("long", 200, 255)
    for name in sorted(os.listdir("node"))[:700]:
        os.unlink("node/" + name)
    for name in sorted(os.listdir("block"))[::3]:
        os.unlink("block/" + name)
    deep = "deep"
    for i in range(30):
        os.mkdir(deep)
        deep += "/%d" % i


def collide(bits):
    """Names of one hash among others: a byte's lowest bit and the next one's
    highest are the same bit of it."""
    names("collide", 700, 20)
    for i in range(1 << bits):
        name = b"".join(b"\x61\xe1" if i >> k & 1 else b"\x60\x61"
                        for k in range(bits))
        write(b"collide/" + name, b"%d" % i)


def contents():
    write("small", b"a line\n")
    write("large", rnd.randbytes(3000000))
    os.mkdir("links")
    for i in range(5):
        os.link("large", "links/large%d" % i)
    write("sparse", b"end", 50000000)
    write("sparse", b"middle", 12345678)
    for i in range(1200):
        write("fragmented", rnd.randbytes(700), i * 131072)
    for i in range(14):
        write("fragments", rnd.randbytes(700), i * 131072)
    fallocate("unwritten", 0, 0, 3000000)
    write("unwritten", rnd.randbytes(100000), 1000000)
    fallocate("beyond", FALLOC["keep"], 0, 1000000)
    write("beyond", b"x" * 1000)
    write("punched", rnd.randbytes(1000000))
    fallocate("punched", FALLOC["punch"], 200000, 300000)
    try:
        with open("large") as source, open("shared", "wb") as to:
            fcntl.ioctl(to, FICLONE, source.fileno())
        write("shared", b"no longer shared", 1500000)
        write("large", b"nor this", 2500000)
    except OSError:
        os.unlink("shared")


def links():
    for length in (1, 59, 60, 255, 300, 336, 337, 400, 1023):
        os.symlink("l" * length, "symlink%d" % length)


def acl(*entries):
    return struct.pack("<I", 2) + b"".join(
        struct.pack("<HHI", *entry) for entry in entries)


def attributes():
    none = 0xffffffff
    write("attr-small")
    os.setxattr("attr-small", "user.short", b"value")
    os.setxattr("attr-small", "user.empty", b"")
    os.setxattr("attr-small", "security.selinux",
                b"system_u:object_r:etc_t:s0\0")
    os.setxattr("attr-small", "trusted.overlay", b"y")
    write("attr-many")
    for i in range(600):
        os.setxattr("attr-many", "user.number-%d" % i, b"%d" % i * (i % 60))
    write("attr-large")
    for i, size in enumerate((300, 3000, 5000, 30000, 65536)):
        os.setxattr("attr-large", "user.large%d" % i, rnd.randbytes(size))
    write("attr-names")
    for i in range(1, 250, 7):
        os.setxattr("attr-names", "trusted." + "n" * i, rnd.randbytes(i))
    os.setxattr("empty", "user.directory", b"of a directory")
    os.symlink("nowhere", "attr-symlink")
    os.setxattr("attr-symlink", "trusted.link", b"of a link",
                follow_symlinks=False)
    write("acl")
    os.setxattr("acl", "system.posix_acl_access", acl(
        (1, 6, none), (2, 4, 1000), (2, 6, 70000), (4, 4, none),
        (8, 5, 50), (16, 7, none), (32, 0, none)))
    os.mkdir("acl-directory")
    for name in ("access", "default"):
        os.setxattr("acl-directory", "system.posix_acl_" + name, acl(
            (1, 7, none), (2, 5, 1000), (4, 5, none), (16, 5, none),
            (32, 1, none)))
    write("acl-directory/inherited")
    os.mkdir("acl-directory/below")


def kinds():
    os.mkfifo("fifo")
    os.mknod("null", stat.S_IFCHR | 0o666, os.makedev(1, 3))
    os.mknod("disk", stat.S_IFBLK | 0o660, os.makedev(259, 70000))
    with socket.socket(socket.AF_UNIX) as s:
        s.bind("socket")
    for mode in (0o4755, 0o2755, 0o1777, 0o0, 0o6711):
        write("mode%o" % mode)
        os.chmod("mode%o" % mode, mode)
    os.mkdir("sticky")
    os.chmod("sticky", 0o3777)
    write("owned")
    os.chown("owned", 4000000000, 3000000000)
    for when in (-2000000000, -1, 0, 2147483647, 2500000000, 9000000000):
        write("time%d" % when)
        os.utime("time%d" % when, (when, when))


def use_up(keep):
    """All of the space goes to one file; then pieces of it are given back
    that are too small for 64 inodes."""
    st = os.statvfs(".")
    end, piece = 0, st.f_bavail * st.f_frsize
    while piece >= 4096:
        try:
            fallocate("fill", 0, end, piece)
            end += piece
        except OSError:
            piece = piece // 2 & ~4095
    for at in range(0, end - 2 * keep, 2 * keep):
        fallocate("fill", FALLOC["punch"], at, keep)
    for i in range(600):
        write("file%d" % i)


def proto(top):
    bits = {stat.S_ISUID: "u", stat.S_ISGID: "g"}

    def mode(st, letter):
        return letter + "".join(c if st.st_mode & b else "-"
                                for b, c in bits.items()) + \
            "%03o %d %d" % (st.st_mode & 0o777, st.st_uid, st.st_gid)

    def below(path):
        for name in sorted(os.listdir(path)):
            full = path + "/" + name
            st = os.lstat(full)
            if stat.S_ISDIR(st.st_mode):
                print(name, mode(st, "d"))
                below(full)
            elif stat.S_ISLNK(st.st_mode):
                print(name, mode(st, "l"), os.readlink(full))
            elif stat.S_ISREG(st.st_mode):
                print(name, mode(st, "-"), full)
            elif stat.S_ISFIFO(st.st_mode):
                print(name, mode(st, "p"))
            else:
                letter = "c" if stat.S_ISCHR(st.st_mode) else "b"
                print(name, mode(st, letter), os.major(st.st_rdev),
                      os.minor(st.st_rdev))
        print("$")

    print("/\n0 0")
    print(mode(os.lstat(top), "d"))
    below(os.path.abspath(top))


if sys.argv[1] == "--proto":
    proto(sys.argv[2])
elif sys.argv[1] == "--holes":
    os.chdir(sys.argv[2])
    use_up(16384)
else:
    os.chdir(sys.argv[1])
    os.umask(0o022)
    directories()
    collide(8)
    contents()
    links()
    attributes()
    kinds()
