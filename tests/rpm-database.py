#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-3.0-or-later
"""rpm-database.py sqlite|bdb|ndb DIRECTORY: an rpm database as a guest has it.

Standard input has a package a line: NAME EPOCH VERSION RELEASE ARCH FILE...
(epoch 0: none).  Berkeley DB's is loaded by db5.3_load.
"""
import os
import sqlite3
import struct
import subprocess
import sys
import zlib

INDEXES = """Name Basenames Group Requirename Providename Conflictname Obsoletename
Triggername Dirnames Installtid Sigmd5 Sha1header Filetriggername
Transfiletriggername Recommendname Suggestname Supplementname
Enhancename""".split()
INT32, STRING, STRING_ARRAY, I18N = 4, 6, 8, 9


def header(fields):
    """An rpm header (RPM package format, "Header Structure") without its magic:
    counts, an index of (tag, type, offset, count), the store."""
    index, store = b"", b""
    for tag, kind, value in fields:
        if kind == INT32:
            store += b"\0" * (-len(store) % 4)
        values = value if isinstance(value, list) else [value]
        index += struct.pack(">IIII", tag, kind, len(store), len(values))
        for one in values:
            store += (struct.pack(">I", one) if kind == INT32
                      else one.encode() + b"\0")
    return struct.pack(">II", len(fields), len(store)) + index + store


def package(line):
    name, epoch, version, release, arch, *files = line.split()
    fields = [(1000, STRING, name), (1001, STRING, version), (1002, STRING, release)]
    if epoch != "0":
        fields.append((1003, INT32, int(epoch)))
    fields += [(1004, I18N, "a stand-in"), (1021, STRING, "linux"), (1022, STRING, arch),
               (1044, STRING, f"{name}-{version}-{release}.src.rpm")]
    if files:
        directories = sorted({os.path.dirname(f).rstrip("/") + "/" for f in files})
        fields += [
            (1116, INT32, [directories.index(os.path.dirname(f).rstrip("/") + "/")
                           for f in files]),
            (1117, STRING_ARRAY, [os.path.basename(f) for f in files]),
            (1118, STRING_ARRAY, directories),
        ]
    return header(fields)


def sqlite(directory, blobs):
    path = os.path.join(directory, "rpmdb.sqlite")
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE 'Packages' (hnum INTEGER PRIMARY KEY "
                   "AUTOINCREMENT, blob BLOB NOT NULL)")
        for name in INDEXES:
            db.execute(f"CREATE TABLE '{name}' (key 'TEXT' NOT NULL, hnum "
                       "INTEGER NOT NULL, idx INTEGER NOT NULL)")
        db.executemany("INSERT INTO Packages (blob) VALUES (?)",
                       [(blob,) for blob in blobs])
    db.close()


def bdb(directory, blobs):
    lines = ["VERSION=3", "format=bytevalue", "type=hash", "db_lorder=1234",
             "db_pagesize=4096", "HEADER=END"]
    records = [(0, struct.pack("<I", len(blobs)))] + list(enumerate(blobs, 1))
    for number, blob in records:
        lines += [" " + struct.pack("<I", number).hex(), " " + blob.hex()]
    subprocess.run(["db5.3_load", os.path.join(directory, "Packages")],
                   input="\n".join(lines + ["DATA=END", ""]), text=True, check=True)


def ndb(directory, blobs):
    pages = (2 + len(blobs)) * 16 // 4096 + 1
    slots, data = b"", b""
    for number, blob in enumerate(blobs, 1):
        size = -(-(16 + len(blob) + 12) // 16) * 16
        head = struct.pack("<4sIII", b"BlbS", number, 1, len(blob)) + blob
        head += b"\0" * (size - 12 - len(head))
        tail = struct.pack("<II4s", zlib.adler32(head), len(blob), b"BlbE")
        slots += struct.pack("<4sIII", b"Slot", number,
                             (pages * 4096 + len(data)) // 16, size // 16)
        data += head + tail
    free = struct.pack("<4sIII", b"Slot", 0, 0, 0)
    slots += free * (pages * 256 - 2 - len(blobs))
    top = struct.pack("<4sIIII", b"RpmP", 0, 1, pages, len(blobs) + 1)
    with open(os.path.join(directory, "Packages.db"), "wb") as file:
        file.write(top.ljust(32, b"\0") + slots + data)


def main():
    kind, directory = sys.argv[1:]
    os.makedirs(directory, exist_ok=True)
    blobs = [package(line) for line in sys.stdin if line.strip()]
    {"sqlite": sqlite, "bdb": bdb, "ndb": ndb}[kind](directory, blobs)


main()
