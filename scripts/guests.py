#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-3.0-or-later
"""guests.py BUILD...: docs/guests.md, from the tests that ran there.

Real guests are rows of BUILD/guest-results/, which the tests of tests/guest
leave there.  Guests made by hand (tests/trees) are lines of tests' TAP output,

    # guest: debian-12 | inspected, fixed, checkers, again

with what was seen of them: a word after "=" says what came of it where that
is not "yes".  What a failed test says counts as failing; what no test says is
not in the tables.
"""
import json
import os
import re
import sys

from seen import guests, lines, table

LINE = re.compile(r"^# guest: ([^|]+)\|(.+)$")
REAL = [
    ("guest", "guest"),
    ("about", "what it is"),
    ("inspected", "inspected"),
    ("virtio-blk", "boots on virtio-blk"),
    ("virtio-scsi", "on virtio-scsi"),
    ("network", "network kept"),
    ("update", "boots after a kernel update"),
    ("checkers", "checkers"),
    ("report", "edits in the report"),
    ("again", "second run"),
]


def trees(builds):
    cells = {}
    for _, good, match in lines(builds, LINE):
        row = cells.setdefault(match[1].strip(), {})
        for word in match[2].split(","):
            what, _, came = word.strip().partition("=")
            row[what] = (came or "yes") if good else "**failing**"
    return cells


def product(name):
    """The system's own name, as its tree's expect.json has it."""
    source = os.path.join(os.path.dirname(__file__), "..", "tests", "trees")
    with open(os.path.join(source, name, "expect.json"), encoding="utf-8") as file:
        expected = json.load(file)
    return expected["product_name"], expected["bootloader"], expected.get("package_format")


def main():
    builds = sys.argv[1:] or ["build"]
    print("# Guests\n")
    print("<!-- Made by scripts/guests.py from the tests that ran: do not edit. -->\n")
    print("What is known of which distribution, as tests saw it. Where a cell is empty,")
    print("no test claims it. Filesystems and volumes are in [filesystems.md](filesystems.md).\n")
    rows = guests(builds)
    if rows:
        print("## Real guests\n")
        print("Built from Debian's packages, booted in QEMU on VMware's hardware, migrated, and")
        print("booted again; see [tests/guest](../tests/guest/README.md). An `-unclean` guest")
        print("was cut off while it wrote.\n")
        table([title for _, title in REAL],
              [[row.get(key, "") for key, _ in REAL] for row in rows])
    cells = trees(builds)
    if cells:
        print("## Fixture trees\n")
        print("Small trees of files made by hand from published layouts, see")
        print("[tests/trees](../tests/trees/README.md). They cannot boot: INSPECT's findings")
        print("and FIX's changes of files are compared with what is expected, e2fsck looks at")
        print("the result, and a second run finds nothing to change.\n")
        table(["tree", "what it is", "boot loader", "packages", "inspected", "files fixed",
               "e2fsck", "second run"],
              [[name, *product(name),
                cells[name].get("inspected"), cells[name].get("fixed"),
                cells[name].get("checkers", "").replace("yes", "clean"),
                cells[name].get("again", "").replace("yes", "no change")]
               for name in sorted(cells)])


main()
