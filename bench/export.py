#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-3.0-or-later
"""Ratios of hyperexport against curl from the same server: bench/export.py BUILD

The server is the test peer (tests/vsphere) on loopback with TLS.  Every figure
is the median of several runs; ours and theirs take turns, so that a busy moment
of the machine meets both.  curl's file is hashed as it comes (tee and openssl)
and made durable, as ours is.  The peer gives no sums of its own: it would hash
all disks again at the end, which is its time and not ours.  H2K_BENCH_RUNS and H2K_BENCH_MIB change the
number of runs and the size of a disk.
"""
import json
import os
import re
import shutil
import ssl
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

RUNS = int(os.environ.get("H2K_BENCH_RUNS", "5"))
MIB = int(os.environ.get("H2K_BENCH_MIB", "1024"))
DISKS = 4
HERE = os.path.dirname(os.path.abspath(__file__))
VSPHERE = os.path.join(HERE, "..", "tests", "vsphere")

ENVELOPE = """<?xml version="1.0"?><e:Envelope
 xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"
 xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><e:Body>
 <{method} xmlns="urn:vim25"><_this type="{type}">{this}</_this>{rest}</{method}>
 </e:Body></e:Envelope>"""


class Server:
    """The peer, with machines of one and of several disks."""

    def __init__(self, work):
        self.work = work
        run(["sh", os.path.join(VSPHERE, "make-certs.sh"), work])
        peer = subprocess.check_output(
            ["sh", os.path.join(VSPHERE, "build-peer.sh")], text=True).strip()
        self.disks()
        password = os.path.join(work, "password")
        with open(os.open(password, os.O_CREAT | os.O_WRONLY, 0o600), "w") as f:
            f.write("secret\n")
        self.child = subprocess.Popen(
            [os.path.join(peer, "peer"), "-with-parent", "-lax",
             "-cert", f"{work}/server.pem", "-key", f"{work}/server.key",
             "-password", "secret", "-vms", f"{work}/vms.json",
             "-fault", "HttpNfcLeaseGetManifest:always:MethodNotFound"],
            stdout=subprocess.PIPE, text=True)
        self.url = self.child.stdout.readline().strip()
        self.origin = self.url.rsplit("/", 1)[0]
        self.tls = ssl.create_default_context(cafile=f"{work}/ca.pem")
        self.cookie = ""
        self.call("Login", "SessionManager", "SessionManager",
                  "<userName>root</userName><password>secret</password>")

    def disks(self):
        """Data that does not compress, so that the VMDK is as large."""
        raw = os.path.join(self.work, "disk.raw")
        with open(raw, "wb") as f:
            for _ in range(MIB):
                f.write(os.urandom(1 << 20))
        vmdk = os.path.join(self.work, "disk.vmdk")
        run(["qemu-img", "convert", "-f", "raw", "-O", "vmdk", "-o",
             "subformat=streamOptimized", raw, vmdk])

        def machine(name, count):
            return {"name": name, "disks": [
                {"controller": "pvscsi", "unit": i, "vmdk": "disk.vmdk",
                 "flat": "disk.raw"} for i in range(count)]}
        with open(os.path.join(self.work, "vms.json"), "w") as f:
            json.dump({"vms": [machine("one", 1), machine("many", DISKS)]}, f)

    def call(self, method, kind, this, rest=""):
        body = ENVELOPE.format(method=method, type=kind, this=this, rest=rest)
        request = urllib.request.Request(
            self.url, body.encode(), {"Content-Type": "text/xml; charset=utf-8",
                                      "SOAPAction": "urn:vim25/6.5",
                                      "Cookie": self.cookie})
        with urllib.request.urlopen(request, context=self.tls) as reply:
            for value in reply.headers.get_all("Set-Cookie") or []:
                self.cookie = value.split(";")[0]
            return reply.read().decode()

    def machine(self, name):
        path = f"<inventoryPath>/DC0/vm/{name}</inventoryPath>"
        reply = self.call("FindByInventoryPath", "SearchIndex", "SearchIndex",
                          path)
        return re.search(r"<returnval[^>]*>([^<]+)<", reply)[1]

    def lease(self, name):
        """Its id and the URLs of its disks."""
        reply = self.call("ExportVm", "VirtualMachine", self.machine(name))
        lease = re.search(r"<returnval[^>]*>([^<]+)<", reply)[1]
        spec = ("<specSet><propSet><type>HttpNfcLease</type><pathSet>info"
                "</pathSet></propSet><objectSet><obj type=\"HttpNfcLease\">"
                f"{lease}</obj></objectSet></specSet><options/>")
        urls = []
        while not urls:
            time.sleep(0.1)
            info = self.call("RetrievePropertiesEx", "PropertyCollector",
                             "propertyCollector", spec)
            urls = re.findall(r"<url>(https[^<]*/disk-[^<]*)</url>", info)
        return lease, urls

    def complete(self, lease):
        self.call("HttpNfcLeaseComplete", "HttpNfcLease", lease)

    def folder(self, name):
        return (f"{self.origin}/folder/{name}/{name}-flat.vmdk"
                "?dcPath=DC0&dsName=LocalDS_0")


def run(command, **options):
    """Seconds and peak memory in MiB of a command that must succeed."""
    begin = time.monotonic()
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, **options)
    _, status, usage = os.wait4(child.pid, 0)
    if status != 0:
        sys.exit(f"failed: {command}")
    return time.monotonic() - begin, usage.ru_maxrss / 1024


class Bench:
    def __init__(self, build, work):
        self.build, self.work = build, work
        self.server = Server(work)
        self.rows = []

    def out(self):
        path = os.path.join(self.work, "out")
        shutil.rmtree(path, ignore_errors=True)
        os.mkdir(path)
        os.sync()
        return path

    def curl(self, urls, hashed):
        """All URLs at once, each to a file, hashed as it comes or not."""
        out = self.out()
        get = (f"curl -sS --fail --cacert {self.work}/ca.pem "
               f"-H 'Cookie: {self.server.cookie}' '%s'")
        each = (get + " | tee '%s' | openssl dgst -sha256" if hashed
                else get + " -o '%s'")
        script = "".join(
            "(" + each % (url, f"{out}/{i}") + f"; sync {out}/{i}) &\n"
            for i, url in enumerate(urls))
        return run(["bash", "-c", "set -o pipefail\n" + script + "wait"])[0]

    def ours(self, name, *options):
        return run([os.path.join(self.build, "hyperexport"), "--url",
                    self.server.url, "--username", "root", "--password-file",
                    f"{self.work}/password", "--ca-file",
                    f"{self.work}/ca.pem", "--vm", name, "--output",
                    self.out(), "--quiet", *options])

    def curl_lease(self, name, hashed):
        lease, urls = self.server.lease(name)
        seconds = self.curl(urls, hashed)
        self.server.complete(lease)
        return seconds

    def compare(self, what, name, theirs, *options):
        """THEIRS(hashed) gives curl's seconds."""
        ours, memory, hashed, plain = [], [], [], []
        for _ in range(RUNS):
            hashed.append(theirs(True))
            seconds, peak = self.ours(name, *options)
            ours.append(seconds)
            memory.append(peak)
            plain.append(theirs(False))
        mine = statistics.median(ours)
        size = MIB * (DISKS if name == "many" else 1)
        limit = 64 + 8 * (DISKS if name == "many" else 1)
        speed = statistics.median(hashed) / mine
        print(f"{what:34} {mine:7.2f} s  {size / mine:6.0f} MiB/s   "
              f"{speed:5.2f} x curl with SHA-256 (>= 0.9: "
              f"{'yes' if speed >= 0.9 else 'NO'})   "
              f"{statistics.median(plain) / mine:5.2f} x curl alone   "
              f"{max(memory):5.1f} MiB (<= {limit}: "
              f"{'yes' if max(memory) <= limit else 'NO'})", flush=True)

    def all(self):
        server = self.server
        self.compare("lease, one disk", "one",
                     lambda h: self.curl_lease("one", h),
                     "--transport", "lease")
        self.compare(f"lease, {DISKS} disks at once", "many",
                     lambda h: self.curl_lease("many", h),
                     "--transport", "lease")
        self.compare("datastore, one disk", "one",
                     lambda h: self.curl([server.folder("one")], h),
                     "--transport", "datastore")


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    with tempfile.TemporaryDirectory(dir=os.environ.get("H2K_BENCH_DIR")) as w:
        Bench(os.path.abspath(sys.argv[1]), w).all()


if __name__ == "__main__":
    main()
