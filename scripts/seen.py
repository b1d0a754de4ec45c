# SPDX-License-Identifier: LGPL-3.0-or-later
"""What the tests of a build have seen: for matrix.py and guests.py."""
import glob
import json
import os

GOOD = "OK", "EXPECTEDFAIL"


def lines(builds, pattern):
    """(test's name, did it pass, match) of each line of a test's TAP output
    that PATTERN matches, of every log that meson wrote."""
    for build in builds:
        for path in sorted(glob.glob(os.path.join(build, "meson-logs", "*.json"))):
            with open(path, encoding="utf-8") as log:
                for test in map(json.loads, log):
                    for text in (test.get("stdout") or "").splitlines():
                        match = pattern.match(text)
                        if match:
                            yield test["name"], test["result"] in GOOD, match


def guests(builds):
    """The real guests' rows, by name: what tests/guest/row.sh left, of all
    tests of a guest together."""
    rows = {}
    for build in builds:
        for path in sorted(glob.glob(os.path.join(build, "guest-results", "*.json"))):
            with open(path, encoding="utf-8") as result:
                row = json.load(result)
            rows.setdefault(row["guest"], {}).update(row)
    return [rows[name] for name in sorted(rows)]


def table(head, rows):
    print("| " + " | ".join(head) + " |")
    print("|" + "---|" * len(head))
    for row in rows:
        print("| " + " | ".join(cell or "" for cell in row) + " |")
    print()
