#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-3.0-or-later
"""INSPECT + FIX against virt-v2v, and listing against find(1), in one run:
bench/guests.py BUILD GUEST-DIR...

virt-v2v opens, inspects and converts the same disk in its appliance, and is
stopped where it would copy.  Ours is the two stages of a whole pipeline, by
its report.  Lists are of filesystems with 100,000 files, made by the kernel,
which needs root; they are left out without it.
"""
import glob
import json
import os
import platform
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time

RUNS = int(os.environ.get("H2K_BENCH_RUNS", "5"))
V2V_RUNS = int(os.environ.get("H2K_BENCH_V2V_RUNS", "1"))
FILES = 100000
SECONDS_AT_MOST = 1200

# A KVM that hangs would hang virt-v2v.
APPLIANCE = {"LIBGUESTFS_BACKEND": "direct",
             "LIBGUESTFS_BACKEND_SETTINGS": "force_tcg"}

DOMAIN = """<domain type='kvm'><name>{name}</name>
<memory unit='MiB'>1024</memory><vcpu>2</vcpu>
<os><type arch='x86_64'>hvm</type></os><devices>{disks}</devices></domain>
"""
DISK = """<disk type='file' device='disk'><driver name='qemu' type='vmdk'/>
<source file='{path}'/><target dev='sd{letter}' bus='scsi'/></disk>"""


class Guest:
    def __init__(self, directory):
        self.manifest = os.path.join(directory, "artifact-manifest.json")
        with open(self.manifest) as f:
            document = json.load(f)
        self.name = document["source"]["vm_name"]
        self.disks = [os.path.join(directory, d["local_path"])
                      for d in document["disks"]]
        keys = glob.glob(os.path.join(directory, "*.key"))
        self.options = [f"--key=all:file:{k}" for k in keys[:1]]
        self.keys = keys[:1]


def ours(build, guest, work):
    """Seconds of INSPECT and FIX."""
    subprocess.run([os.path.join(build, "hyper2kvm"), "--manifest",
                    guest.manifest, "-q", "--output-dir", work,
                    *guest.options], check=True, stdout=subprocess.DEVNULL)
    with open(os.path.join(work, "report.json")) as f:
        stages = json.load(f)["pipeline"]["stages"]
    for output in glob.glob(os.path.join(work, "*.qcow2")):
        os.unlink(output)
    return stages["inspect"]["duration"] + stages["fix"]["duration"]


def end(child, how):
    """It, and the appliance and the servers that it started."""
    try:
        os.killpg(child.pid, how)
    except ProcessLookupError:
        pass


def theirs(guest, work):
    """Seconds until virt-v2v has inspected and converted, SECONDS_AT_MOST if
    it had not by then; None if it does not come to that."""
    domain = os.path.join(work, "domain.xml")
    disks = "".join(DISK.format(path=path, letter=chr(ord("a") + i))
                    for i, path in enumerate(guest.disks))
    with open(domain, "w") as f:
        f.write(DOMAIN.format(name=guest.name, disks=disks))
    begin = time.monotonic()
    child = subprocess.Popen(
        ["virt-v2v", "-i", "libvirtxml", domain, "-o", "null",
         *(f"--key=all:file:{k}" for k in guest.keys)],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        env={**os.environ, **APPLIANCE}, start_new_session=True)
    # A timer, since one that hangs says nothing more.
    bound = threading.Timer(SECONDS_AT_MOST, end, [child, signal.SIGKILL])
    bound.start()
    lines, done = [], None
    for line in child.stdout:
        lines.append(line)
        if "Mapping filesystem data" in line or "Copying disk" in line:
            done = time.monotonic() - begin
            break
    bound.cancel()
    if done is None and time.monotonic() - begin > SECONDS_AT_MOST:
        done = SECONDS_AT_MOST
    end(child, signal.SIGTERM)
    try:
        child.wait(timeout=30)
    except subprocess.TimeoutExpired:
        end(child, signal.SIGKILL)
        child.wait()
    child.stdout.close()
    if done is None:
        print(f"virt-v2v does not convert {guest.name}: {lines[-1:]}",
              file=sys.stderr)
    return done


def fill(mount):
    """100,000 small files in 1,000 directories."""
    for d in range(1000):
        directory = os.path.join(mount, f"d{d // 40}", f"directory-{d}")
        os.makedirs(directory)
        for n in range(FILES // 1000):
            with open(os.path.join(directory, f"file-{n}.txt"), "w") as f:
                f.write("x" * (n * 7))


def seconds_of(command):
    begin = time.monotonic()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.monotonic() - begin


def listing(build, work, kind, mkfs):
    """Ours and find's seconds for a whole listing, hot."""
    image, mount = os.path.join(work, kind), os.path.join(work, "mnt")
    with open(image, "wb") as f:
        f.truncate(2 << 30)
    subprocess.run([*mkfs, image], check=True, stdout=subprocess.DEVNULL)
    os.makedirs(mount, exist_ok=True)
    subprocess.run(["mount", "-o", "loop", image, mount], check=True)
    try:
        fill(mount)
        subprocess.run(["umount", mount], check=True)
        subprocess.run(["mount", "-o", "loop,ro", image, mount], check=True)
        find = ["find", mount, "-printf", r"%m %U %G %n %s %T@ %p\n"]
        tool = [os.path.join(build, "bench", "list-files"), image]
        seconds_of(find), seconds_of(tool)
        a, b = [], []
        for _ in range(RUNS):
            b.append(seconds_of(find))
            a.append(seconds_of(tool))
    finally:
        subprocess.run(["umount", mount], check=True)
        os.unlink(image)
    return statistics.median(a), statistics.median(b)


def versions():
    text = subprocess.check_output(["virt-v2v", "--version"], text=True)
    cpu = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo")
                if line.startswith("model name")), platform.machine())
    return f"{cpu}, {os.cpu_count()} cores, {text.strip()} by emulation"


def main():
    build, directories = sys.argv[1], sys.argv[2:]
    rows = []
    with tempfile.TemporaryDirectory(
            dir=os.environ.get("H2K_BENCH_DIR", build)) as work:
        for guest in map(Guest, directories):
            a = statistics.median(ours(build, guest, work)
                                  for _ in range(RUNS))
            b = [theirs(guest, work) for _ in range(V2V_RUNS)]
            b = statistics.median(b) if None not in b else None
            rows.append((f"INSPECT + FIX of {guest.name} / virt-v2v's (s)", a,
                         b, 0.01 if "btrfs" not in guest.name else None))
        for kind, mkfs in (("ext4", ["mkfs.ext4", "-qF"]),
                           ("xfs", ["mkfs.xfs", "-q"])):
            if os.geteuid() == 0:
                rows.append((f"list of {FILES} files on {kind} / find's (s)",
                             *listing(build, work, kind, mkfs), 2))
    print(f"\nMedians of {RUNS} runs ({V2V_RUNS} of virt-v2v); "
          f"{time.strftime('%Y-%m-%d')}, {versions()}.\n")
    print("| what | hyper2kvm | against | ratio | at most | met |")
    print("|---|---|---|---|---|---|")
    met = True
    for what, a, b, limit in rows:
        ratio = f"{a / b:.4f}" if b else ""
        verdict = ""
        if b and limit:
            verdict = "yes" if a / b <= limit else "NO"
        met &= verdict != "NO"
        against = f"{b:.2f}" if b else "it refuses"
        if b == SECONDS_AT_MOST:
            against = f"not done after {b}"
        print(f"| {what} | {a:.3f} | {against} | {ratio} | {limit or ''} | "
              f"{verdict} |")
    sys.exit(0 if met else 1)


main()
