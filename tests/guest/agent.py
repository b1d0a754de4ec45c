#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-3.0-or-later
"""agent.py SOCKET FILE: asks the guest agent at SOCKET for its version, which
is printed, and has it make FILE in the guest.  Waits for it, ten minutes at
most; exits with 1 where it does not answer."""
import json
import socket
import sys
import time


def ask(line, command, **arguments):
    line.write(json.dumps({"execute": command, "arguments": arguments}) + "\n")
    line.flush()
    return json.loads(line.readline())["return"]


end = time.monotonic() + 600
while time.monotonic() < end:
    time.sleep(1)
    try:
        with socket.socket(socket.AF_UNIX) as port:
            port.settimeout(10)
            port.connect(sys.argv[1])
            line = port.makefile("rw")
            print(ask(line, "guest-info")["version"])
            ask(line, "guest-file-close",
                handle=ask(line, "guest-file-open", path=sys.argv[2], mode="w"))
            sys.exit(0)
    except (OSError, ValueError):
        continue  # nobody listens there yet
sys.exit(1)
