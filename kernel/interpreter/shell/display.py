"""Displays and results, as the messages that the front publishes."""

import sys
import threading

import _rankbook
from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher

from . import parents
from .content import encode


class RankDisplayPublisher(DisplayPublisher):
    """display() and its like.

    A hook sees a message before it leaves, and may swallow it by returning None;
    ipywidgets and %%capture-like tools use that.
    """

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self._local = threading.local()

    @property
    def _hooks(self):
        if not hasattr(self._local, "hooks"):
            self._local.hooks = []
        return self._local.hooks

    def register_hook(self, hook):
        self._hooks.append(hook)

    def unregister_hook(self, hook):
        try:
            self._hooks.remove(hook)
        except ValueError:
            return False
        return True

    def publish(
        self,
        data,
        metadata=None,
        source=None,
        *,
        transient=None,
        update=False,
        buffers=None,
        **kwargs,
    ):
        metadata = metadata or {}
        self._validate_data(data, metadata)
        for mime, handler in getattr(self.shell, "mime_renderers", {}).items():
            if mime in data:
                handler(data[mime], metadata.get(mime, None))
                return
        if not update:
            self.shell.kept.add(self.shell.cell_count, "display_data", data)
        content = {"data": data, "metadata": metadata, "transient": transient or {}}
        kind = "update_display_data" if update else "display_data"
        self._send(kind, content, buffers or [])

    def _send(self, kind, content, buffers):
        self._is_publishing = True
        try:
            message = {
                "header": {"msg_type": kind},
                "msg_type": kind,
                "parent_header": {},
                "metadata": {},
                "content": content,
                "buffers": buffers,
            }
            for hook in self._hooks:
                message = hook(message)
                if message is None:
                    return
            if _rankbook.is_detached():
                _print_plain(content)
                return
            frames = [kind.encode(), encode(message["content"]), *buffers]
            _rankbook.send(_rankbook.DISPLAY, parents.current(), frames)
        finally:
            self._is_publishing = False

    def clear_output(self, wait=False):
        self._send("clear_output", {"wait": bool(wait)}, [])


class RankDisplayHook(DisplayHook):
    """The value of a cell's last expression.

    An error in its repr is the cell's, though IPython goes on.
    """

    _content = None
    error = None

    @property
    def prompt_count(self):
        """IPython takes it from its counter, which cells without history leave."""
        return self.shell.cell_count

    def begin_cell(self):
        self._content = self.error = None

    @property
    def is_formatting(self):
        return self._content is not None

    def write_output_prompt(self):
        self._content = {"execution_count": self.shell.cell_count}

    def write_format_data(self, format_dict, md_dict=None):
        self._content["data"] = format_dict
        self._content["metadata"] = md_dict or {}

    def log_output(self, format_dict):
        super().log_output(format_dict)
        outputs = self.shell.history_manager.outputs.get(self.prompt_count)
        if outputs:
            self.shell.kept.note(self.prompt_count, outputs[-1])

    def finish_displayhook(self):
        content, self._content = self._content, None
        self._is_active = False
        if not content or not content.get("data"):
            return
        if _rankbook.is_detached():
            _print_plain(content)
            return
        _rankbook.send(_rankbook.RESULT, parents.current(), [encode(content)])


def _print_plain(content):
    """In a forked child there is nobody who could publish."""
    text = content.get("data", {}).get("text/plain")
    if text:
        sys.stdout.write(text + "\n")
