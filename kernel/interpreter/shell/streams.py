"""sys.stdout and sys.stderr of a rank."""

import io
import sys

import _rankbook

from . import parents


class _Bytes(io.BufferedIOBase):
    """``sys.stdout.buffer``: bytes that take the same way as the text."""

    def __init__(self, number, name):
        self._number = number
        self.name = name
        self.mode = "wb"

    def write(self, data):
        _rankbook.write(self._number, parents.current(), data)
        return memoryview(data).nbytes

    def writable(self):
        return True

    def flush(self):
        _rankbook.flush()

    def fileno(self):
        return 2 if self._number == 1 else 1

    def close(self):
        self.flush()


class Stream(io.TextIOBase):
    """Text goes to the keeper, stamped with its cell; nothing is kept in Python."""

    encoding = "UTF-8"
    errors = "backslashreplace"
    newlines = None
    line_buffering = True
    write_through = False
    mode = "w"

    def __init__(self, number, name):
        self._number = number
        self.name = name
        self.buffer = _Bytes(number, name)

    def write(self, text):
        if not isinstance(text, str):
            raise TypeError(
                f"write() argument must be str, not {type(text).__name__}"
            )
        _rankbook.write(self._number, parents.current(), text)
        return str.__len__(text)

    def writable(self):
        return True

    def flush(self):
        _rankbook.flush()

    def fileno(self):
        return 2 if self._number == 1 else 1

    def isatty(self):
        return False

    def close(self):
        """A stream of a rank lives as long as the rank; programs do close it."""
        self.flush()

    def reconfigure(self, **options):
        """Accepted for programs that expect a TextIOWrapper."""


class _Lines(Stream):
    """Whole lines: what one rank says for all has its place between others' lines."""

    _rest = ""

    def write(self, text):
        lines, end, self._rest = (self._rest + text).rpartition("\n")
        if end:
            super().write(lines + end)
        return len(text)

    def end(self):
        if self._rest:
            self.write("\n")


stdout = Stream(0, "<stdout>")
stderr = Stream(1, "<stderr>")
common = _Lines(2, "<stdout>")


def install():
    sys.stdout = sys.__stdout__ = stdout
    sys.stderr = sys.__stderr__ = stderr
