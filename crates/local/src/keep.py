"""Runs a command, and ends it with everything it started when standard input ends: when the starter goes, however it goes."""

import ctypes
import os
import signal
import subprocess
import sys
import threading


def kill(pid):
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def children():
    try:
        with open(f"/proc/self/task/{threading.main_thread().native_id}/children") as file:
            return [int(pid) for pid in file.read().split()]
    except FileNotFoundError:  # no such file outside Linux
        return []


# Signals to everybody are for the starter; a handler, unlike SIG_IGN, is not passed on to the command.
for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM):
    signal.signal(number, lambda *_: None)
if sys.platform == "linux":
    ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER: orphans become our children
child = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL, start_new_session=True)


def starter_gone():
    sys.stdin.buffer.read()
    kill(child.pid)


threading.Thread(target=starter_gone, daemon=True).start()
child.wait()
try:
    os.killpg(child.pid, signal.SIGKILL)
except ProcessLookupError:
    pass
while True:
    # What moved to a group of its own comes to us when its parent goes.
    for pid in children():
        kill(pid)
    try:
        os.wait()
    except ChildProcessError:
        break
