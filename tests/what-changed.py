#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-3.0-or-later
"""what-changed.py BEFORE AFTER REPORT: does the report tell every edit?

BEFORE and AFTER are guest-list's lists of a guest's files, before it was
migrated and after; REPORT is the report.json between them.  Prints what is
in the one and not in the other, and exits with 1 if there is anything:

- a file that was made, changed or removed, and is not in the report,
- a file in the report that is as it was, or that tells neither what was there
  before nor what is there now,
- a backup that is not what the file was.
"""
import json
import os
import re
import sys

BACKUP = re.compile(r"\.backup\.hyper2kvm\.[0-9-]+$")


def files(path):
    found = {}
    with open(path, errors="surrogateescape", encoding="utf-8") as listing:
        for line in listing:
            *facts, name = line.rstrip("\n").split("\t", 6)
            name, _, target = name.partition(" -> ")
            found[name] = facts + [target]
    return found


def resolved(listing, path):
    """PATH without the links to other folders on it: /boot/loader is one."""
    done = ""
    for name in path.split("/")[1:]:
        done += "/" + name
        kind, target = listing.get(done, ["-"])[0], listing.get(done, [""])[-1]
        if kind == "l" and done != path:
            done = os.path.normpath(os.path.join(os.path.dirname(done), target))
    return done


def main():
    before, after = files(sys.argv[1]), files(sys.argv[2])
    with open(sys.argv[3], encoding="utf-8") as report:
        changes = json.load(report)["changes"]
    told = {resolved(before, change["file"]) for change in changes}
    problems = []
    seen = set()
    for name in sorted(before.keys() | after.keys()):
        if before.get(name) == after.get(name):
            continue
        original = BACKUP.sub("", name)
        if name not in before and original != name:
            if after[name] != before.get(original):
                problems.append(f"{name}: not what {original} was")
            continue
        if name not in before and any(file.startswith(name + "/") for file in told):
            continue  # the directory that such a file needs
        seen.add(name)
        if name not in told:
            problems.append(f"{name}: not in the report: {before.get(name)} -> "
                            f"{after.get(name)}")
    problems += [f"{name}: in the report, and as it was" for name in sorted(told - seen)]
    problems += [f"{change['file']}: {change['what']}: neither before nor after"
                 for change in changes
                 if change.get("before") is None and change.get("after") is None]
    print("\n".join(problems) or f"{len(seen)} files, each in the report")
    return 1 if problems or not seen else 0


sys.exit(main())
