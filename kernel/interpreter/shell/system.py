"""!cmd: a program of the shell whose output is the cell's."""

import codecs
import os
import re
import select
import signal
import subprocess
import sys
import termios

from .once import once

# what ranks that do it at the same time do to one another's packages
_CHANGES_PACKAGES = re.compile(
    r"""(?:^|[;&|({])\s*(?:sudo\s+)?
    (?:\S*python[\d.]*\s+(?:-\S+\s+)*-m\s+)?
    (?:\S*/)?(?:pip[\d.]*|uv(?:\s+pip)?|conda|mamba|micromamba|apt|apt-get)
    (?:\s+-\S+)*\s+(?:install|uninstall|remove|update|upgrade|add|sync|create)\b""",
    re.VERBOSE,
)


def _open_terminal():
    """A terminal, so that programs show their output as it comes; its other end
    gets the bytes as they were written."""
    ours, theirs = os.openpty()
    settings = termios.tcgetattr(theirs)
    settings[1] &= ~termios.OPOST
    settings[3] &= ~termios.ECHO
    termios.tcsetattr(theirs, termios.TCSANOW, settings)
    return ours, theirs


def _read(fd):
    try:
        return os.read(fd, 65536)
    except OSError:  # the last program has closed the terminal
        return b""


def _copy(ours, process):
    """Until all that hold the terminal have closed it.  A program in the background
    may keep it; after the one that was asked for has ended, it is not waited for."""
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    ended = os.pidfd_open(process.pid)
    poll = select.poll()
    poll.register(ours, select.POLLIN)
    poll.register(ended, select.POLLIN)
    timeout = None
    try:
        while True:
            ready = {fd for fd, _ in poll.poll(timeout)}
            if ours in ready:
                data = _read(ours)
                sys.stdout.write(decoder.decode(data, final=not data))
                sys.stdout.flush()
                if not data:
                    return
            elif not ready:
                return
            if ended in ready:
                # the terminal hands its last bytes over a little later
                poll.unregister(ended)
                timeout = 100
    finally:
        os.close(ended)


def system(command):
    """Runs 'command'; returns its exit status, negative for a signal."""
    if _CHANGES_PACKAGES.search(command):
        return once(("!", command, os.getcwd()), lambda: _run(command))
    return _run(command)


def _run(command):
    ours, theirs = _open_terminal()
    try:
        process = subprocess.Popen(
            command,
            shell=True,
            executable=os.environ.get("SHELL") or "/bin/sh",
            stdin=subprocess.DEVNULL,
            stdout=theirs,
            stderr=theirs,
        )
        os.close(theirs)
        theirs = -1
        try:
            _copy(ours, process)
            status = process.wait()
        except KeyboardInterrupt:
            # Stop reached it too: it is in our process group
            try:
                process.wait(1)
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
                process.wait()
            raise
    finally:
        os.close(ours)
        if theirs >= 0:
            os.close(theirs)
    return 128 - status if status > 128 else status
