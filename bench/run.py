#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-3.0-or-later
"""Ratios against qemu-img, measured in one run: bench/run.py BUILD GUEST-DIR.

Every figure is the median of several runs; ours and theirs take turns, so that
a busy moment of the machine meets both.  Outputs are made durable (`sync` of
the file after qemu-img, fsync inside hyper2kvm), and removed before each run.
"""
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time

RUNS = int(os.environ.get("H2K_BENCH_RUNS", "5"))


def run(command):
    """Seconds and peak memory in MiB of a command that must succeed."""
    begin = time.monotonic()
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    if status != 0:
        sys.exit(f"failed: {command}")
    return time.monotonic() - begin, usage.ru_maxrss / 1024


class Bench:
    def __init__(self, build, guest, work):
        self.h2k = os.path.join(build, "hyper2kvm")
        self.manifest = os.path.join(guest, "artifact-manifest.json")
        with open(self.manifest) as f:
            disk = json.load(f)["disks"][0]
        self.source = os.path.join(guest, disk["local_path"])
        self.work = work
        self.rows = []

    def path(self, name):
        return os.path.join(self.work, name)

    def fresh(self, name):
        path = self.path(name)
        if os.path.exists(path):
            os.unlink(path)
        return path

    def pipeline(self, *options):
        """Seconds, memory and the report of one whole pipeline."""
        self.fresh("out/disk-0.qcow2")
        seconds, memory = run([self.h2k, "--manifest", self.manifest, "-q",
                               "--output-dir", self.path("out"), *options])
        with open(self.path("out/report.json")) as f:
            return seconds, memory, json.load(f)

    def qemu(self, *options):
        out = self.fresh("qemu.qcow2")
        begin = time.monotonic()
        run(["qemu-img", "convert", *options, "-O", "qcow2", self.source, out])
        run(["sync", out])
        return time.monotonic() - begin

    def convert(self, *options, source=None):
        out = self.fresh("ours.qcow2")
        return run([self.h2k, "convert", source or self.source, out, "-q",
                    *options])

    def row(self, what, ours, theirs, limit, note=""):
        ratio = ours / theirs
        verdict = "" if limit is None else ("yes" if ratio <= limit else "NO")
        self.rows.append((what, f"{ours:.2f}", f"{theirs:.2f}",
                          f"{ratio:.3f}", "" if limit is None else f"{limit}",
                          verdict, note))

    def whole(self):
        ours, inspect_fix, memory, theirs = [], [], [], []
        for _ in range(RUNS):
            theirs.append(self.qemu())
            seconds, peak, report = self.pipeline()
            stages = report["pipeline"]["stages"]
            ours.append(seconds)
            memory.append(peak)
            inspect_fix.append(stages["inspect"]["duration"] +
                               stages["fix"]["duration"])
        base = statistics.median(theirs)
        self.row("whole pipeline / qemu-img convert + sync (s)",
                 statistics.median(ours), base, 0.6)
        self.row("INSPECT + FIX / the same (s)",
                 statistics.median(inspect_fix), base, 0.1)
        self.row("peak memory of the pipeline / 128 MiB (MiB)",
                 max(memory), 128, 1)

    def compressed(self, name, limit, ours_options, qemu_options):
        ours, theirs = [], []
        for _ in range(max(3, RUNS // 2)):
            theirs.append(self.qemu("-c", "-m", "8", "-W", *qemu_options))
            ours.append(self.convert("--compress", *ours_options)[0])
        self.row(f"qcow2 with {name} / qemu-img convert -c -m 8 -W (s)",
                 statistics.median(ours), statistics.median(theirs), limit)
        self.row(f"size of it / qemu-img's (MiB)",
                 os.path.getsize(self.path("ours.qcow2")) / 2**20,
                 os.path.getsize(self.path("qemu.qcow2")) / 2**20, 1.02)

    def checksum(self):
        with open(self.manifest) as f:
            document = json.load(f)
        document["disks"][0]["local_path"] = self.source
        del document["disks"][0]["checksum"]
        plain = self.path("plain.json")
        with open(plain, "w") as f:
            json.dump(document, f)
        hashed, unhashed = [], []
        for _ in range(RUNS):
            hashed.append(self.pipeline()[0])
            original, self.manifest = self.manifest, plain
            unhashed.append(self.pipeline()[0])
            self.manifest = original
        self.row("pipeline with SHA-256 / without (s)",
                 statistics.median(hashed), statistics.median(unhashed), 1.1)

    def sparse(self):
        """1 GiB of data in a disk of 2 GiB, and spread over one of 1 TiB."""
        sizes = {"2 GiB": 2 << 30, "1 TiB": 1 << 40}
        block = os.urandom(1 << 20)
        seconds, memory = {}, {}
        for name, size in sizes.items():
            path = self.path("sparse.raw")
            with open(path, "wb") as f:
                f.truncate(size)
                for i in range(1024):
                    f.seek(size // 1024 * i)
                    f.write(i.to_bytes(8, "big") + block[8:])
            os.sync()
            runs = [self.convert(source=path) for _ in range(3)]
            seconds[name] = statistics.median(r[0] for r in runs)
            memory[name] = max(r[1] for r in runs)
            os.unlink(path)
        self.row("1 GiB in a disk of 1 TiB / in one of 2 GiB (s)",
                 seconds["1 TiB"], seconds["2 GiB"], 2)
        self.row("peak memory for 1 TiB / 128 MiB (MiB)",
                 memory["1 TiB"], 128, 1)

    def table(self):
        print(f"\nMedians of {RUNS} runs, ours and theirs in turns; "
              f"{time.strftime('%Y-%m-%d')}, {cpu()}, {os.cpu_count()} cores, "
              f"{platform.system()} {platform.release()}, {qemu_version()}.\n")
        print("| what | hyper2kvm | against | ratio | at most | met |")
        print("|---|---|---|---|---|---|")
        for what, ours, theirs, ratio, limit, met, _ in self.rows:
            print(f"| {what} | {ours} | {theirs} | {ratio} | {limit} | {met} |")
        return all(row[5] != "NO" for row in self.rows)


def cpu():
    with open("/proc/cpuinfo") as f:
        for line in f:
            if line.startswith("model name"):
                return line.split(":")[1].strip()
    return platform.machine()


def qemu_version():
    text = subprocess.check_output(["qemu-img", "--version"], text=True)
    return text.split("(")[0].replace("version ", "").strip()


def main():
    build, guest = sys.argv[1:3]
    with tempfile.TemporaryDirectory(
            dir=os.environ.get("H2K_BENCH_DIR", build)) as work:
        os.mkdir(os.path.join(work, "out"))
        bench = Bench(build, guest, work)
        bench.pipeline()  # once, so that the source is in memory for both
        bench.whole()
        bench.checksum()
        bench.compressed("zlib", 0.25, [], [])
        bench.compressed("zstd", 0.6, ["--compression", "zstd"],
                         ["-o", "compression_type=zstd"])
        bench.sparse()
        met = bench.table()
    sys.exit(0 if met else 1)


main()
