#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-3.0-or-later
"""btrfs-seed.py OUT IMAGE [IMAGE2]: an input of fuzz-btrfs from the images of
one or two devices: the bytes that are not zero of superblocks and tree blocks
that are in use, and of data up to 16 KiB."""
import subprocess
import sys

BLOCK = 4096
DATA_MAX = 4


def used_blocks(image):
    """The logical addresses of all trees' blocks, as btrfs-progs tells."""
    text = subprocess.run(
        ["btrfs", "inspect-internal", "dump-tree", image],
        capture_output=True, text=True).stdout
    return {int(line.split()[1]) for line in text.splitlines()
            if line.startswith(("leaf ", "node "))}


def pieces(block):
    """Runs of bytes, with zeros of less than 16 bytes in them."""
    at = 0
    while at < len(block):
        if block[at] == 0:
            at += 1
            continue
        end = at
        while end < len(block) and any(block[end:end + 16]):
            end += 1
        yield at, block[at:end]
        at = end


def main():
    out, images = sys.argv[1], sys.argv[2:]
    trees = used_blocks(images[0])
    result = bytearray([0])
    for device, path in enumerate(images):
        data = open(path, "rb").read()
        fsid = data[65536 + 32:65536 + 48]
        node = int.from_bytes(data[65536 + 148:65536 + 152], "little")
        keep, others = {16}, 0
        for number in range(17, len(data) // BLOCK):
            block = data[number * BLOCK:(number + 1) * BLOCK]
            if block[32:48] == fsid:
                address = int.from_bytes(block[48:56], "little")
                if not trees or address in trees:
                    keep.update(range(number, number + node // BLOCK))
            elif any(block) and number not in keep and others < DATA_MAX:
                others += 1
                keep.add(number)
        for number in sorted(keep):
            block = data[number * BLOCK:(number + 1) * BLOCK]
            for at, run in pieces(block):
                result += (number + device * 0x10000).to_bytes(3, "little")
                result += at.to_bytes(2, "little")
                result += len(run).to_bytes(2, "little")
                result += run
    open(out, "wb").write(result)


main()
