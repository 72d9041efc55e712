"""What cells have shown, for %notebook.

IPython keeps all displays and results, in all their forms, for as long as the session
lasts.  A rank that shows 100 MB, or a figure a second, must not grow; so the newest
are kept, up to a limit.
"""

from collections import deque

MOST = 16 << 20  # bytes
_OBJECT = 64  # what the smallest one takes


def _weight(value):
    if isinstance(value, (str, bytes)):
        return _OBJECT + len(value)
    if isinstance(value, dict):
        return sum(_weight(key) + _weight(item) for key, item in value.items())
    if isinstance(value, (list, tuple)):
        return sum(_weight(item) for item in value)
    return _OBJECT


class Kept:
    """The shell's history_manager.outputs, and how much of it there is."""

    def __init__(self, shell):
        self._shell = shell
        self._entries = deque()  # (number of the cell, HistoryOutput, weight)
        self._weight = 0

    def add(self, cell, kind, bundle):
        from IPython.core.history import HistoryOutput

        output = HistoryOutput(output_type=kind, bundle=bundle)
        self._shell.history_manager.outputs[cell].append(output)
        self.note(cell, output)

    def note(self, cell, output):
        """IPython has added it."""
        weight = _weight(output.bundle)
        self._entries.append((cell, output, weight))
        self._weight += weight
        self._trim()

    def _trim(self):
        outputs = self._shell.history_manager.outputs
        while self._weight > MOST:
            cell, output, weight = self._entries.popleft()
            self._weight -= weight
            there = outputs.get(cell, [])
            if there and there[0] is output:
                del there[0]
            else:  # what a cell within a cell has printed stands before it
                there[:] = [other for other in there if other is not output]
            if not there:
                outputs.pop(cell, None)
