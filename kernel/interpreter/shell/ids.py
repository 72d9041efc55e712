"""Names that ranks give alike to what they make alike.

What the same line of the same cell makes from the same content, for the same time, is
the same thing on every rank; whatever differs in one of these has a name of its own.
"""

import os
import sys
from hashlib import blake2b

from . import parents

_run = os.environ.get("RANKBOOK_RUN", "").encode()
_counts = {}  # of the cell in '_cell': digest -> how often
_cell = None


def _place():
    """The lines of cells that lead here."""
    from IPython import get_ipython

    is_cell = get_ipython().compile.format_code_name
    frame, lines = sys._getframe(2), []
    while frame is not None:
        if is_cell(frame.f_code.co_filename) is not None:
            lines.append(frame.f_lineno)
        frame = frame.f_back
    return lines


def shared(*contents):
    """A name for what is made of these bytes, here and now."""
    global _cell

    cell = parents.current()
    if cell != _cell:
        _cell = cell
        _counts.clear()
    digest = blake2b(_run, digest_size=16)
    digest.update(repr((cell, _place())).encode())
    for content in contents:
        digest.update(len(content).to_bytes(8, "little"))
        digest.update(content)
    count = _counts[digest.digest()] = _counts.get(digest.digest(), 0) + 1
    digest.update(count.to_bytes(8, "little"))
    return "rb-" + digest.hexdigest()
