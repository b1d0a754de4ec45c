#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-3.0-or-later
"""matrix.py BUILD...: docs/filesystems.md, from the tests that ran there.

A test says what it has just seen work in a comment of its TAP output:

    # matrix: xfs | rmapbt | read, write
    # matrix: xfs | realtime device | read=refused, libguestfs

a filesystem (or kind of volume), a feature, and how it was used: read, write,
or libguestfs (through it).  A word after "=" says
what came of it where that is not "yes".  What a failed test says counts as
failing; what no test says is not in the tables.

Rows of the real guests are in BUILD/guest-results/, which the tests of
tests/guest leave there.
"""
import re
import sys

from seen import guests, lines, table

LINE = re.compile(r"^# matrix: ([^|]+)\|([^|]+)\|(.+)$")
HOW = ["read", "write", "libguestfs"]
GUEST = [
    ("guest", "guest"),
    ("about", "what it is"),
    ("vmware", "before, on VMware's hardware"),
    ("unmigrated", "before, on virtio"),
    ("virtio-blk", "after, on virtio-blk"),
    ("virtio-scsi", "after, on virtio-scsi"),
    ("checkers", "checkers"),
    ("again", "second run"),
    ("seconds", "INSPECT + FIX, s"),
]


def collect(builds):
    """What came of each use (HOW), by filesystem and feature."""
    cells = {}
    for name, good, match in lines(builds, LINE):
        where, feature, uses = (part.strip() for part in match.groups())
        cell = cells.setdefault(where, {}).setdefault(feature, {})
        for use in uses.split(","):
            how, _, came = use.strip().partition("=")
            came = came or "yes"
            if how not in HOW:
                sys.exit(f"{name}: '{how}' in '{match[0]}' is none of {HOW}")
            if not good:
                cell[how] = "**failing**"
            elif cell.get(how, came) == "yes" or how not in cell:
                cell[how] = came
    return cells


def main():
    builds = sys.argv[1:] or ["build"]
    print("# Filesystems and volumes\n")
    print("<!-- Made by scripts/matrix.py from the tests that ran: do not edit. -->\n")
    print("Each cell was seen by a test, against the filesystem's own tools. `read` and")
    print("`write` are in-process; `libguestfs` is through its appliance. Where a cell is")
    print("empty, no test claims it.\n")
    cells = collect(builds)
    for where in sorted(cells):
        print(f"## {where}\n")
        table(["feature"] + HOW,
              [[feature] + [cells[where][feature].get(how, "") for how in HOW]
               for feature in sorted(cells[where])])
    # Those of other tests, of networks for one, have nothing to say here.
    rows = [row for row in guests(builds) if "checkers" in row]
    if rows:
        print("## Real guests\n")
        print("Built from Debian's packages, booted in QEMU by emulation, migrated, and")
        print("booted again; see [tests/guest](../tests/guest/README.md). An `-unclean`")
        print("guest was cut off while it wrote.\n")
        table([title for _, title in GUEST],
              [[row.get(key, "") for key, _ in GUEST] for row in rows])


main()
