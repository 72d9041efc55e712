"""Which cell made an output.

There is no "current cell": a thread or a task that a cell started goes on when the
cell is over, and what it prints then still belongs to that cell.
"""

import functools
import threading
from contextvars import ContextVar

cell = ContextVar("rankbook_cell")

# For threads that Python does not know: the cell that ran last.
_last = 0


def begin(number):
    """The context runs this cell from now on."""
    global _last

    _last = number
    cell.set(number)


def current():
    number = cell.get(None)
    if number is None:
        number = getattr(threading.current_thread(), "_rankbook_cell", _last)
    return number


def install():
    """Threads inherit the cell of who starts them."""
    start = threading.Thread.start

    @functools.wraps(start)
    def start_with_cell(self):
        self._rankbook_cell = current()
        return start(self)

    threading.Thread.start = start_with_cell
