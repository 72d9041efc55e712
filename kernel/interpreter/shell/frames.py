"""Tracebacks without our own frames: what a user sees is the user's code, and what it
called."""

import os

_FOLDER = os.path.dirname(__file__) + os.sep


def _is_ours(trace):
    return trace.tb_frame.f_code.co_filename.startswith(_FOLDER)


def remove_ours(error):
    """From the traceback of 'error' and of what it came from; but one that is of
    nothing else is left as it is."""
    seen = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        error.__traceback__ = _without_ours(error.__traceback__)
        error = error.__cause__ or error.__context__


def _without_ours(trace):
    first = trace
    while first is not None and _is_ours(first):
        first = first.tb_next
    last = first
    while last is not None:
        while last.tb_next is not None and _is_ours(last.tb_next):
            last.tb_next = last.tb_next.tb_next
        last = last.tb_next
    return first or trace
