#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-3.0-or-later
"""prompt.py FETCH CASE: types at the password prompt of `FETCH prompt` on a
terminal of its own, and tells what was seen."""
import os
import pty
import signal
import sys
import termios

program, case = sys.argv[1:]
leader, terminal = pty.fork()
if leader == 0:
    # As a shell: the program is a job of its own, which can be stopped.
    signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    pid = os.fork()
    if pid == 0:
        os.setpgid(0, 0)
        os.tcsetpgrp(0, os.getpid())
        signal.signal(signal.SIGTTOU, signal.SIG_DFL)
        os.execv(program, [program, "prompt"])
    status = os.waitpid(pid, os.WUNTRACED)[1]
    if os.WIFSTOPPED(status):
        os.tcsetpgrp(0, os.getpgrp())
        os.write(1, b"stopped ")
        os.read(0, 1)
        os.tcsetpgrp(0, pid)
        os.kill(pid, signal.SIGCONT)
        status = os.waitpid(pid, 0)[1]
    end = f"signal {os.WTERMSIG(status)}" if os.WIFSIGNALED(status) \
        else f"status {os.WEXITSTATUS(status)}"
    os.write(1, end.encode())
    os._exit(0)


def until(word):
    seen = b""
    while word not in seen:
        try:
            data = os.read(terminal, 1000)
        except OSError:
            break
        if not data:
            break
        seen += data
    return seen


def echoes():
    return bool(termios.tcgetattr(terminal)[3] & termios.ECHO)


seen = until(b"Password: ")
print("quiet" if not echoes() else "echoing")
if case == "type":
    os.write(terminal, b"hunterx\x7f2\n")
elif case == "interrupt":
    os.write(terminal, b"hun\x03")
elif case == "stop":
    os.write(terminal, b"\x1a")
    until(b"stopped ")
    print("stopped", "echoing" if echoes() else "quiet")
    os.write(terminal, b"\n")
    until(b"Password: ")
    os.write(terminal, b"hunter2\n")
seen = until(b"never said")
print("shown" if b"hunt" in seen.split(b"got")[0] else "not shown")
print(seen.decode().replace("got", "\ngot").split("\n", 1)[-1].strip())
