"""input() and getpass(): a question to the notebook's user."""

import builtins
import queue
import sys

import _rankbook

from . import hooks, parents
from .content import encode


class UserInput:
    """One question at a time; its answer may come by any thread."""

    def __init__(self):
        self.is_allowed = True
        self._replies = queue.SimpleQueue()

    def install(self):
        builtins.input = self.input
        hooks.on_import("getpass", self._patch_getpass)

    def _patch_getpass(self, module):
        module.getpass = self.getpass

    def on_reply(self, cell, frames):
        self._replies.put([frame.decode("utf-8", "replace") for frame in frames])

    def input(self, prompt=""):
        """Reads a line from the notebook's user."""
        return self._ask("input", prompt, False)

    def getpass(self, prompt="Password: ", stream=None, **options):
        """Reads a line from the notebook's user, who does not see it."""
        return self._ask("getpass", prompt, True)

    def _ask(self, name, prompt, is_password):
        prompt = str(prompt)
        if not self.is_allowed:
            from IPython.core.error import StdinNotImplementedError

            raise StdinNotImplementedError(
                f"{name}() was called where nobody can answer: the request for this cell "
                "does not allow questions"
            )
        while not self._replies.empty():  # of a question that was interrupted
            self._replies.get_nowait()
        sys.stderr.flush()
        question = encode({"prompt": prompt, "password": is_password})
        _rankbook.send(_rankbook.INPUT, parents.current(), [question])
        _rankbook.hurry()
        answer, *refusal = self._replies.get()
        if refusal:
            raise EOFError(refusal[0])
        if answer == "\x04":
            raise EOFError
        return answer
