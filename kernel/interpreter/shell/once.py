"""What one rank does for all: installing a package, writing a file.

The first that comes does it, the others wait for it and go on.  They meet at a lock
on a file of the run; whoever finds the lock free and the file empty has to do it, so
nobody waits for a rank that died, was stopped, or never comes.
"""

import fcntl
import importlib
import os
import sys
import zlib
from contextlib import contextmanager

from . import parents, streams
from .content import decode, encode

_VALUE_MAX = 65536

_counts = {}  # how often this rank has come with the same, in the cell that runs
_doing = []  # keys: what is part of it is done by this rank alone


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
    """call(), on one of the ranks that come with this 'key'; its value, as JSON has it,
    on all.  Where it raises, the next rank tries, and says what is wrong in its turn."""
    if _doing:
        return call()
    file = os.open(_path(key), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(file, fcntl.LOCK_EX)
        found = os.read(file, _VALUE_MAX)
        if found:
            return decode(found)
        _doing.append(key)
        with speaking_for_all():
            value = call()
        os.write(file, encode(value))
        return value
    finally:
        _doing.clear()
        fcntl.flock(file, fcntl.LOCK_UN)  # a child may have the descriptor as well
        os.close(file)
        importlib.invalidate_caches()  # there may be new packages, or modules
