"""The main thread between cells: waits for records, and runs asyncio's tasks.

Most notebooks never use asyncio, and importing it costs more than a quarter of the
start.  So the loop waits on its own until a cell imports asyncio; from then on it
runs an asyncio event loop and reads records there.  The cell that imports it does
not notice: inside it, the event loop counts as running from that moment on.
"""

import os
import sys
import threading
from collections import deque

import _rankbook

from . import hooks

PROGRESS_FIRST = 1
PROGRESS_MAX = 50


class Loop:
    """handlers: record type -> f(cell, frames), called on the main thread."""

    def __init__(self, handlers):
        self.handlers = handlers
        self.aio = None
        self.is_stopping = False
        self._records = deque()
        self._lock = threading.Lock()
        self._pause = None  # ms between two rounds of MPI's progress; None: idle
        self._idle = []
        self._borrowed = False
        hooks.on_import("asyncio", self._adopt)

    # ---- records ----

    def read(self):
        """Takes in what is there; any thread."""
        with self._lock:
            try:
                self._records.extend(_rankbook.recv())
            except (EOFError, OSError):
                os._exit(1)  # nobody is left to tell

    def take(self, wanted):
        """Removes and returns the records for which wanted() holds; any thread."""
        with self._lock:
            mine = [record for record in self._records if wanted(record)]
            if mine:
                self._records = deque(
                    record for record in self._records if not wanted(record)
                )
        return mine

    def has_records(self):
        return bool(self._records)

    def deliver(self):
        self.read()
        while self._records:
            with self._lock:
                kind, cell, frames = self._records.popleft()
            handler = self.handlers.get(kind)
            if handler is not None:
                handler(cell, frames)
            if self.is_stopping or self._borrowed:
                break

    # ---- waiting ----

    def run(self):
        while not self.is_stopping:
            if self.aio is not None:
                self._run_aio()
            elif not self._records:
                self._wait()
            if self.aio is None:
                self.deliver()

    def when_idle(self, call):
        """call() once, when nothing has come for a moment."""
        if self.aio is not None:
            self.aio.call_later(0.1, call)
        elif call not in self._idle:
            self._idle.append(call)

    def progress(self):
        """Other ranks compute: MPI is kept going until they do not."""
        if self._pause is None:
            self._pause = PROGRESS_FIRST
            if self.aio is not None:
                self.aio.call_soon(self._progress_aio)

    def _make_progress(self):
        if not _rankbook.others():
            self._pause = None
            return False
        _rankbook.progress()
        self._pause = min(self._pause * 2, PROGRESS_MAX)
        return True

    def _wait(self):
        if self._pause is not None and self._make_progress():
            _rankbook.wait(self._pause)
        elif self._idle:
            _rankbook.wait(100)
            self.read()
            if not self._records:
                self._idle.pop(0)()
        else:
            _rankbook.wait(-1)

    # ---- asyncio ----

    def _adopt(self, asyncio):
        """asyncio has just been imported, mostly by a cell that runs."""
        self.aio = asyncio.new_event_loop()
        if threading.current_thread() is threading.main_thread():
            asyncio.set_event_loop(self.aio)
            asyncio._set_running_loop(self.aio)
            self._borrowed = True
        else:
            _rankbook.wake()
        self.aio.add_reader(_rankbook.fd, self.deliver)
        self.aio.add_reader(_rankbook.wake_fd, self._on_wake)

    def _on_wake(self):
        _rankbook.clear()
        self.deliver()

    def _progress_aio(self):
        if self._make_progress():
            self.aio.call_later(self._pause / 1000, self._progress_aio)

    def _run_aio(self):
        import asyncio

        asyncio._set_running_loop(None)
        asyncio.set_event_loop(self.aio)
        self._borrowed = False
        if self._pause is not None:
            self.aio.call_soon(self._progress_aio)
        while self._idle:
            self.aio.call_later(0.1, self._idle.pop(0))
        if self._records:
            self.aio.call_soon(self.deliver)
        try:
            self.aio.run_forever()  # user code may stop it: run() starts it again
        except KeyboardInterrupt:
            pass
        except BaseException:
            sys.excepthook(*sys.exc_info())

    def stop(self):
        self.is_stopping = True
        if self.aio is not None:
            self.aio.stop()
