#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-3.0-or-later
"""what-failed.py TESTLOG.json...: of each test that failed, what it says."""
import json
import os
import sys

GOOD = "OK", "EXPECTEDFAIL"
LINES = 40  # of one test


def excerpt(said):
    near = set()
    for i, text in enumerate(said):
        if text.startswith("not ok"):
            near.update(range(i, min(i + 12, len(said))))
    if not near:
        near = range(max(0, len(said) - 12), len(said))
    return [said[i] for i in sorted(near)[:LINES]]


def complaint(said):
    """A sanitizer's report from its first line, else the end."""
    for i, text in enumerate(said):
        if "ERROR: " in text or "WARNING: " in text or "runtime error" in text:
            return said[i:i + 12]
    return said[-12:]


for path in sys.argv[1:]:
    if not os.path.exists(path):
        continue
    for line in open(path, encoding="utf-8"):
        test = json.loads(line)
        if test["result"] in GOOD:
            continue
        print(f"!!! {test['name']}: {test['result']}")
        for text in excerpt((test.get("stdout") or "").splitlines()):
            print("   ", text[:300])
        for text in complaint((test.get("stderr") or "").splitlines()):
            print("   !", text[:300])
