"""ASK records: answered between cells by the main thread, during a cell by the
assist thread as far as it may."""

import sys
import threading

import _rankbook

from . import fields
from .answers import ANSWERS, ANSWERS_DURING_CELLS, answer
from .compiler import FOLDER
from .content import decode, encode


class Asks:
    def __init__(self, shell, loop, user_input, cells):
        self.shell = shell
        self.loop = loop
        self.user_input = user_input
        self.cells = cells
        self.modules = frozenset(sys.modules)  # whose code is no user's

    def _answer(self, answers, cell, frames):
        kind = frames[0].decode()
        try:
            reply = answer(answers, self.shell, kind, fields.read(kind, frames[1]))
        except ValueError as error:
            reply = fields.refusal(kind, str(error))
        _rankbook.send(_rankbook.ANSWER, cell, [encode(reply)])

    def _debug(self, cell, frames, is_idle):
        if self.cells.debugger is None:
            from .debugger import Debugger

            self.cells.debugger = Debugger(self.shell, self.modules)
        self.cells.debugger.on_request(cell, decode(frames[1]), is_idle)

    # ---- main thread ----

    def on_ask(self, cell, frames):
        kind = frames[0].decode()
        if kind in ANSWERS:
            self._answer(ANSWERS, cell, frames)
        elif kind == "debug_request":
            self._debug(cell, frames, True)
        elif kind == "progress":  # the keeper's own: other ranks compute
            self.loop.progress()

    # ---- assist thread ----

    def start_assist(self):
        thread = threading.Thread(target=self._assist, name="rankbook-assist", daemon=True)
        # a debugger neither stops this thread nor shows it
        thread.pydev_do_not_trace = thread.is_pydev_daemon_thread = True
        thread.start()

    def _note_place(self):
        """The innermost line of a cell that the main thread runs; for the keeper."""
        frame = sys._current_frames().get(threading.main_thread().ident)
        while frame is not None and not frame.f_code.co_filename.startswith(FOLDER):
            frame = frame.f_back
        if frame is not None:
            numbers = getattr(self.shell.compile, "_filename_map", {})
            count = numbers.get(frame.f_code.co_filename, 0)
            _rankbook.set_place(count or 0, frame.f_lineno or 0)

    def _is_for_assist(self, record):
        kind, _, frames = record
        if kind == _rankbook.INPUT_REPLY:
            return True
        return kind == _rankbook.ASK and (
            frames[0].decode() in ANSWERS_DURING_CELLS
            or frames[0] in (b"debug_request", b"where")
        )

    def _assist(self):
        while True:
            _rankbook.assist_wait()
            self.loop.read()
            for kind, cell, frames in self.loop.take(self._is_for_assist):
                if kind == _rankbook.INPUT_REPLY:
                    self.user_input.on_reply(cell, frames)
                elif frames[0] == b"debug_request":
                    self._debug(cell, frames, False)
                elif frames[0] == b"where":
                    self._note_place()
                else:
                    self._answer(ANSWERS_DURING_CELLS, cell, frames)
            if self.loop.has_records():
                _rankbook.wake()
