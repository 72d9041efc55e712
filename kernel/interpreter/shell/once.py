"""What one rank does for all: installing a package, writing a file.

The first that comes does it, the others wait for it and go on.  They meet at a lock
on a file of the run; whoever finds the lock free and the file empty has to do it, so
nobody waits for a rank that died, was stopped, or never comes.
"""

import fcntl
import os
import sys
import zlib
from contextlib import contextmanager

from . import parents, streams

_counts = {}  # how often this rank has come with the same, in the cell that runs


def _path(key):
    cell = parents.current()
    if _counts.get("cell") != cell:
        _counts.clear()
        _counts["cell"] = cell
    count = _counts[key] = _counts.get(key, 0) + 1
    name = f"once-{cell}-{zlib.crc32(repr(key).encode()):08x}-{count}"
    return os.path.join(os.environ["RANKBOOK_RUN"], name)


@contextmanager
def speaking_for_all():
    """What is printed now has no label."""
    before = sys.stdout
    if before is streams.stdout:
        sys.stdout = streams.common
    try:
        yield
    finally:
        streams.common.end()
        if sys.stdout is streams.common:
            sys.stdout = before


def once(key, call):
    """call(), on one of the ranks that come with this 'key'.  Where it raises, the
    next rank tries, and says what is wrong in its turn."""
    file = os.open(_path(key), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(file, fcntl.LOCK_EX)
        if os.read(file, 1):
            return
        with speaking_for_all():
            call()
        os.write(file, b"done")
    finally:
        fcntl.flock(file, fcntl.LOCK_UN)  # a child may have the descriptor as well
        os.close(file)
