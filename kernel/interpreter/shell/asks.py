"""ASK records: answered between cells by the main thread, during a cell by the
assist thread as far as it may."""

import threading

import _rankbook

from . import fields
from .answers import ANSWERS, ANSWERS_DURING_CELLS, answer
from .content import encode


class Asks:
    def __init__(self, shell, loop, user_input):
        self.shell = shell
        self.loop = loop
        self.user_input = user_input

    def _answer(self, answers, cell, frames):
        kind = frames[0].decode()
        try:
            reply = answer(answers, self.shell, kind, fields.read(kind, frames[1]))
        except ValueError as error:
            reply = fields.refusal(kind, str(error))
        _rankbook.send(_rankbook.ANSWER, cell, [encode(reply)])

    # ---- main thread ----

    def on_ask(self, cell, frames):
        kind = frames[0].decode()
        if kind in ANSWERS:
            self._answer(ANSWERS, cell, frames)
        elif kind == "progress":  # the keeper's own: other ranks compute
            self.loop.progress()

    # ---- assist thread ----

    def start_assist(self):
        threading.Thread(target=self._assist, name="rankbook-assist", daemon=True).start()

    def _is_for_assist(self, record):
        kind, _, frames = record
        if kind == _rankbook.INPUT_REPLY:
            return True
        return kind == _rankbook.ASK and frames[0].decode() in ANSWERS_DURING_CELLS

    def _assist(self):
        while True:
            _rankbook.assist_wait()
            self.loop.read()
            for kind, cell, frames in self.loop.take(self._is_for_assist):
                if kind == _rankbook.INPUT_REPLY:
                    self.user_input.on_reply(cell, frames)
                else:
                    self._answer(ANSWERS_DURING_CELLS, cell, frames)
            if self.loop.has_records():
                _rankbook.wake()
