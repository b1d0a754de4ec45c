#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-3.0-or-later
"""scan.py WORD PID: how often WORD stands in the memory of a process."""
import sys

SHADOW = 1 << 32  # what a sanitizer maps for itself, and no program has

word = sys.argv[1].encode()
found = 0
with open(f"/proc/{sys.argv[2]}/maps") as maps, \
        open(f"/proc/{sys.argv[2]}/mem", "rb", 0) as memory:
    for line in maps:
        fields = line.split()
        if "r" not in fields[1] or fields[-1] in ("[vvar]", "[vsyscall]"):
            continue
        first, end = (int(x, 16) for x in fields[0].split("-"))
        if end - first > SHADOW:
            continue
        memory.seek(first)
        try:
            bytes_ = memory.read(end - first)
        except OSError:
            continue
        n = bytes_.count(word)
        if n:
            print(f"# {n} in {line.strip()}", file=sys.stderr)
        found += n
print(found)
