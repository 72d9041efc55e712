"""Names that ranks give alike to what they make alike.

What the same line of the same cell makes from the same content, for the same time, is
the same thing on every rank; whatever differs in one of these has a name of its own.
"""

import os
import sys

from . import hooks, parents

# Libraries that put a random name or the clock into what they show, and where they get
# it from.
_CHANCE = {
    "matplotlib.animation": ["uuid"],
    "matplotlib.backends.backend_svg": ["uuid", "os"],
    "pandas.io.formats.style_render": ["uuid4"],
    "plotly.io._html": ["uuid"],
}

_run = os.environ.get("RANKBOOK_RUN", "").encode()
_counts = {}  # of the cell in '_cell': digest -> how often
_cell = None


def _place():
    """The lines of cells that lead here."""
    from IPython import get_ipython

    is_cell = get_ipython().compile.format_code_name
    frame, lines = sys._getframe(3), []
    while frame is not None:
        if is_cell(frame.f_code.co_filename) is not None:
            lines.append(frame.f_lineno)
        frame = frame.f_back
    return lines


def _digest(contents):
    global _cell

    from hashlib import blake2b  # loads OpenSSL

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
    return digest.hexdigest()


def shared(*contents):
    """A name for what is made of these bytes, here and now."""
    return _digest(contents)


class _Uuid:
    """The module uuid, as far as such a library uses it."""

    def __getattr__(self, name):
        import uuid

        return getattr(uuid, name)

    @staticmethod
    def uuid4():
        import uuid

        return uuid.UUID(_digest(()), version=4)


class _Os:
    """The module os; the date of what is made is that of the cell's request."""

    def __getattr__(self, name):
        return getattr(os, name)

    @staticmethod
    def getenv(name, default=None):
        value = os.getenv(name, default)
        return _requested() if value is None and name == "SOURCE_DATE_EPOCH" else value


def _requested():
    """When the client asked for the cell, in whole seconds; None: it did not say."""
    from datetime import datetime

    from IPython import get_ipython

    header = get_ipython().kernel.parent.get("header") or {}
    try:
        date = datetime.fromisoformat(str(header.get("date")).replace("Z", "+00:00"))
    except ValueError:
        return None
    return str(int(date.timestamp()))


def install():
    """What ranks show alike has one name, also where a library would draw lots."""
    from IPython.core import display_functions

    display_functions._new_id = shared
    values = {"uuid": _Uuid(), "uuid4": _Uuid.uuid4, "os": _Os()}
    for name, attributes in _CHANCE.items():
        changes = {attribute: values[attribute] for attribute in attributes}
        hooks.on_import(name, lambda module, c=changes: vars(module).update(c))
