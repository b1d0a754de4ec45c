#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-3.0-or-later
"""An HTTP server on 127.0.0.1 that misbehaves as the path says.

    server.py [--tls CERT-AND-KEY.pem] [--address A] FILE

FILE is what downloads get.  Prints its port.  Ends when the process does that started it.
"""
import argparse
import collections
import email.utils
import gzip
import http.server
import os
import socket
import ssl
import struct
import sys
import threading
import time
import warnings

options = None
content = b""
counts = collections.Counter()
lock = threading.Lock()


def count(name):
    with lock:
        counts[name] += 1
        return counts[name]


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def head(self, status, *pairs):
        self.send_response(status)
        for name, value in pairs:
            self.send_header(name, str(value))
        self.end_headers()

    def reply(self, status, body, *pairs):
        self.head(status, ("Content-Length", len(body)), *pairs)
        if self.command != "HEAD":
            self.wfile.write(body)

    def give_up(self, reset=False):
        if reset:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                       struct.pack("ii", 1, 0))
        self.close_connection = True
        # Without TLS's goodbye, as a connection that breaks.
        raw = socket.socket(fileno=self.connection.detach())
        raw.close()
        self.wfile = open("/dev/null", "wb")
        self.rfile = open("/dev/null", "rb")

    def wanted(self):
        """The range asked for, as (first, behind the last)."""
        text = self.headers.get("Range")
        if text is None:
            return None
        first, last = text.removeprefix("bytes=").split("-")
        end = int(last) + 1 if last else len(content)
        return int(first), min(end, len(content))

    def give(self, shift=0, cut=0):
        """The file, or the range of it that is asked for."""
        wanted = self.wanted()
        if wanted is None:
            self.reply(200, content, ("Accept-Ranges", "bytes"))
            return
        first, end = wanted
        if first >= len(content):
            self.reply(416, b"", ("Content-Range", f"bytes */{len(content)}"))
            return
        said = f"bytes {first + shift}-{end - 1 + shift - cut}/{len(content)}"
        self.reply(206, content[first:end - cut], ("Content-Range", said))

    def do_POST(self):
        size = int(self.headers.get("Content-Length", 0))
        self.body = self.rfile.read(size)
        self.do_GET()

    do_PUT = do_POST

    def do_HEAD(self):
        if self.path == "/nohead":
            self.reply(405, b"")
        elif self.path.startswith(("/flaky", "/lost", "/wrongrange")):
            self.give()
        else:
            self.do_GET()

    def do_GET(self):
        name, _, argument = self.path.split("?")[0][1:].partition("/")
        page = getattr(self, "page_" + name, None)
        if page is None:
            self.reply(404, b"no such page")
        else:
            page(argument)

    def page_file(self, argument):
        self.give()

    page_nohead = page_file

    def page_norange(self, argument):
        self.reply(200, content)

    def page_wrongrange(self, argument):
        self.give(shift=1)

    def page_shortrange(self, argument):
        self.give(cut=1)

    def page_flaky(self, argument):
        """Every other request breaks in the middle."""
        if count("flaky") % 2 == 0:
            self.give()
            return
        first, end = self.wanted()
        self.head(206, ("Content-Length", end - first),
                  ("Content-Range", f"bytes {first}-{end-1}/{len(content)}"))
        self.wfile.write(content[first:first + (end - first) // 2])
        self.give_up(reset=True)

    def page_lost(self, argument):
        """Goes away after the first two ranges."""
        if count("lost") <= 2:
            self.give()
        else:
            self.reply(404, b"gone")

    def page_empty(self, argument):
        self.reply(200, b"")

    def page_stall(self, argument):
        self.head(200, ("Content-Length", len(content)))
        self.wfile.write(content[:len(content) // 2])
        self.wait()

    def page_silent(self, argument):
        self.wait()

    def wait(self):
        """Until the client gives up."""
        self.wfile.flush()
        try:
            while self.connection.recv(1000):
                pass
        except OSError:
            pass
        self.close_connection = True

    def page_reset(self, argument):
        self.head(200, ("Content-Length", len(content)))
        self.wfile.write(content[:int(argument)])
        self.give_up(reset=True)

    def page_short(self, argument):
        self.head(200, ("Content-Length", len(content)))
        self.wfile.write(content[:-1])
        self.close_connection = True

    def page_chunked(self, argument):
        """With an argument: without the last chunk."""
        self.head(200, ("Transfer-Encoding", "chunked"))
        for at in range(0, len(content), 10000):
            piece = content[at:at + 10000]
            self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
        if not argument:
            self.wfile.write(b"0\r\n\r\n")
        self.close_connection = True

    def page_open(self, argument):
        """No length: to the connection's end; with an argument it just
        breaks."""
        self.head(200, ("Connection", "close"))
        self.wfile.write(content)
        if argument:
            self.give_up()
        elif options.tls:
            self.connection = self.connection.unwrap()

    def page_status(self, argument):
        self.reply(int(argument), b"<fault/>")

    def page_busy(self, argument):
        """503 until it was asked often enough; Retry-After in seconds, or as
        a date."""
        if count("busy" + argument) > 2:
            self.reply(200, b"done")
            return
        after = "1"
        if argument == "date":
            after = email.utils.formatdate(time.time() + 2, usegmt=True)
        elif argument == "later":
            after = "86000"
        self.reply(503, b"", ("Retry-After", after))

    def page_redirect(self, argument):
        self.reply(302, b"", ("Location", f"/file?{argument}"))

    def page_huge(self, argument):
        self.head(200, ("Transfer-Encoding", "chunked"))
        piece = b"10000\r\n" + bytes(65536) + b"\r\n"
        try:
            while True:
                self.wfile.write(piece)
        except OSError:
            self.close_connection = True

    def page_headers(self, argument):
        self.send_response(200)
        try:
            for i in range(100000):
                self.send_header(f"X-{i}", "x" * 1000)
                self.flush_headers()
        except OSError:
            self.close_connection = True

    def page_slow(self, argument):
        self.head(200, ("Content-Length", 40))
        for _ in range(40):
            self.wfile.write(b"x")
            self.wfile.flush()
            time.sleep(0.1)

    def page_encoded(self, argument):
        """Also where it was not asked for."""
        self.reply(200, gzip.compress(b"plain words"),
                   ("Content-Encoding", "gzip"))

    def page_cookie(self, argument):
        value = {"quoted": '"abc-1"'}.get(argument, "abc-1")
        self.reply(200, b"", ("Set-Cookie", f"vmware_soap_session={value}; "
                              "Path=/; HttpOnly; Secure"))

    def page_echo(self, argument):
        lines = [f"{self.command} {self.path}"]
        lines += [f"{k}: {v}" for k, v in self.headers.items()]
        lines += ["", getattr(self, "body", b"").decode("latin-1")]
        self.reply(200, "\n".join(lines).encode())

    def page_swallow(self, argument):
        """Takes the request, and closes."""
        count("swallow")
        self.give_up()

    def page_count(self, argument):
        self.reply(200, str(counts[argument]).encode())

    def do_CONNECT(self):
        """As a proxy; with 407 for port 407."""
        host, _, port = self.path.rpartition(":")
        if port == "407":
            self.reply(407, b"")
            return
        count("connect")
        there = socket.create_connection((host, int(port)))
        self.send_response(200)
        self.end_headers()

        def copy(source, target):
            try:
                while data := source.recv(65536):
                    target.sendall(data)
                target.shutdown(socket.SHUT_WR)
            except OSError:
                pass
        thread = threading.Thread(target=copy, args=(there, self.connection))
        thread.start()
        copy(self.connection, there)
        thread.join()
        self.close_connection = True


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def finish_request(self, request, client_address):
        if options.tls:
            request = self.context.wrap_socket(request, server_side=True)
        self.RequestHandlerClass(request, client_address, self)

    def handle_error(self, request, client_address):
        pass


def main():
    global options, content
    parser = argparse.ArgumentParser()
    parser.add_argument("--tls")
    parser.add_argument("--old", action="store_true")
    parser.add_argument("--address", default="127.0.0.1")
    parser.add_argument("file")
    options = parser.parse_args()
    with open(options.file, "rb") as f:
        content = f.read()
    server = Server((options.address, 0), Handler)
    if options.tls:
        server.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        if options.old:
            server.context.set_ciphers("DEFAULT@SECLEVEL=0")
            warnings.simplefilter("ignore", DeprecationWarning)
            server.context.minimum_version = ssl.TLSVersion.TLSv1
            server.context.maximum_version = ssl.TLSVersion.TLSv1_1
        server.context.load_cert_chain(options.tls)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_address[1], flush=True)
    parent = os.getppid()
    sys.stdout.close()
    while os.getppid() == parent:
        time.sleep(0.5)


main()
