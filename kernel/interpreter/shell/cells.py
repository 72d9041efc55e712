"""Runs a cell and says how it ended.

Most cells have no await; they run at once, inside the call that brings them.  A cell
with one is a task of the event loop.  Stop raises KeyboardInterrupt where the user's
code is: in the first case wherever it is, in the second in the frame that runs or, if
none does, at the await.
"""

import os
import signal
import sys
import time
import types
from contextvars import copy_context

import _rankbook
import _signal
from IPython.core.interactiveshell import InteractiveShell

from . import comms, parents
from .content import decode, encode

_RUN_CODE = InteractiveShell.run_code.__code__


class Cells:
    def __init__(self, shell, loop, user_input, startup_errors):
        self.shell = shell
        self.loop = loop
        self.user_input = user_input
        self.startup_errors = startup_errors
        self.context = copy_context()
        self.task = None  # of a cell with await
        # The user's code runs and may be interrupted.  Handlers run where Python calls
        # or loops: it is cleared by what caught the last interrupt, before any call.
        self.is_open = False
        self.is_stopped = False  # the task was cancelled by Stop
        self.debugger = None  # until the first debug_request
        self.handler = self._on_interrupt
        signal.signal(signal.SIGINT, self.handler)

    # ---- interrupts ----

    def _on_interrupt(self, number, frame):
        if not self.is_open:
            return
        if self.debugger is not None and self.debugger.holds(frame):
            return  # it calls again once the cell runs on
        if not _rankbook.signal_take():
            return
        if self.task is None or _is_in_user_code(frame):
            raise KeyboardInterrupt
        self.is_stopped = True
        self.loop.aio.call_soon_threadsafe(self.task.cancel)

    @types.coroutine
    def _interruptible(self, coroutine):
        """Turns the cancellation that Stop asked for into KeyboardInterrupt."""
        step, value = coroutine.send, None
        while True:
            try:
                waited = step(value)
            except StopIteration as stop:
                return stop.value
            try:
                step, value = coroutine.send, (yield waited)
            except BaseException as error:
                # this frame would stand in the user's traceback
                error.__traceback__ = error.__traceback__.tb_next
                step, value = coroutine.throw, error
                if self.is_stopped:
                    self.is_stopped = False
                    value = KeyboardInterrupt()

    # ---- running ----

    def on_run(self, number, frames):
        """A RUN record."""
        options = decode(frames[0])
        if "comm" in options:
            self.context.run(self._run_comm, number, options, frames[1:])
            return
        code = frames[1].decode("utf-8", "replace")
        self.context.run(self._run, Cell(number, options, code))

    def _run(self, cell):
        shell = self.shell
        parents.begin(cell.number)
        _rankbook.cell_begin(cell.number)
        # attributes of IPython's are set where they change: each set is checked and
        # announced, which takes longer than the rest of this method
        if cell.count is not None and shell.execution_count != cell.count:
            shell.execution_count = cell.count
        shell.cell_count = shell.execution_count
        shell.kernel.parent = cell.parent
        shell.is_lead = cell.is_lead
        self.user_input.is_allowed = cell.allow_stdin
        self._take_payload()
        shell.tracebacks.clear()
        shell.scripts, shell.script_error = 0, None
        shell.displayhook.begin_cell()
        # without the Enum that signal.getsignal() would look for
        if _signal.getsignal(signal.SIGINT) is not self.handler:
            # a cell has set its own; the next one is to be stopped all the same
            signal.signal(signal.SIGINT, self.handler)
        try:
            self.startup_errors.show(cell)
            self.is_open = True
            if _rankbook.interrupt_take():  # its signal came before the line above
                raise KeyboardInterrupt
            self._transform(cell)
            coroutine = self._start(cell)
            if self.debugger is not None:
                self.debugger.before_cell()
            if self._needs_loop(cell):
                import asyncio

                self.task = asyncio.Task(
                    self._run_task(cell, coroutine), loop=self.loop.aio
                )
                return
            self._run_now(cell, coroutine)
            self.is_open = False
        except BaseException as error:
            self.is_open = False
            cell.error = error
        self._finish(cell)

    def _transform(self, cell):
        try:
            cell.transformed = self.shell.transform_cell(cell.code)
        except Exception:
            cell.transformed = cell.code
            cell.transform_error = sys.exc_info()

    def _start(self, cell):
        options = {}
        if cell.cell_id:
            options["cell_id"] = cell.cell_id
        return self.shell.run_cell_async(
            cell.code,
            store_history=cell.store_history,
            silent=cell.silent,
            transformed_cell=cell.transformed,
            preprocessing_exc_tuple=cell.transform_error,
            **options,
        )

    def _needs_loop(self, cell):
        # cheaper than asking IPython, which compiles the cell for the answer
        if "await" not in cell.transformed and "async" not in cell.transformed:
            return False
        return self.shell.should_run_async(
            cell.code,
            transformed_cell=cell.transformed,
            preprocessing_exc_tuple=cell.transform_error,
        )

    def _run_now(self, cell, coroutine):
        try:
            coroutine.send(None)
        except StopIteration as stop:
            cell.result = stop.value
        else:
            coroutine.close()
            raise RuntimeError("a cell without await has waited")
        finally:
            self._after(cell)

    async def _run_task(self, cell, coroutine):
        try:
            cell.result = await self._interruptible(coroutine)
        except BaseException as error:
            cell.error = error
        try:
            self._after(cell)
            self.is_open = False
        except BaseException as error:
            self.is_open = False
            cell.error = error
        self.task = None
        self._finish(cell)

    def _after(self, cell):
        """Figures are drawn here, and whatever else waits for the end of a cell."""
        if self.debugger is not None:
            self.debugger.after_cell()
        self.shell.events.trigger("post_execute")
        if not cell.silent:
            self.shell.events.trigger("post_run_cell", cell.result)

    # ---- messages on comms ----

    def _run_comm(self, number, options, frames):
        """A message on a comm runs callbacks, which may be as long as any cell."""
        shell = self.shell
        parents.begin(number)
        _rankbook.cell_begin(number)
        shell.kernel.parent = options.get("parent") or {}
        content = {"status": "ok"}
        shell.callback_error, shell.is_in_callback = None, True
        try:
            self.is_open = True
            comms.handle(
                options["comm"],
                shell.kernel.parent,
                decode(frames[0]),
                decode(frames[1]),
                frames[2:],
            )
            self.is_open = False
        except BaseException:
            self.is_open = False
            shell.showtraceback()
        shell.is_in_callback = False
        if shell.callback_error is not None:
            content = _error_content(shell.callback_error, None)
        _rankbook.cell_end()
        _rankbook.send(_rankbook.DONE, number, [encode(content)])
        self.loop.progress()

    # ---- the end ----

    def _finish(self, cell):
        self.is_stopped = False
        try:
            content = self._content(cell)
        except BaseException as error:  # a __str__ or __repr__ of the user's
            content = _error_content(error, None)
        if _rankbook.is_detached():
            _end_child(cell, content)
        content["started"] = cell.started
        self.user_input.is_allowed = False
        _rankbook.cell_end()
        _rankbook.send(_rankbook.DONE, cell.number, [encode(content)])
        self.loop.progress()
        if self.shell.history_manager.enabled:
            self.loop.when_idle(self.shell.history_manager.save)

    def _take_payload(self):
        manager = self.shell.payload_manager
        payload = manager.read_payload()
        if payload:
            manager.clear_payload()
        return payload

    def _content(self, cell):
        shell, result = self.shell, cell.result
        error = cell.error
        if error is None and result is not None:
            error = (
                result.error_before_exec
                or result.error_in_exec
                or shell.displayhook.error
                or shell.script_error
            )
        payload = self._take_payload()
        traceback = shell.take_traceback(error)
        if error is not None:
            # one that IPython had and did not show was shown by a handler of the user's
            if traceback is None and error is cell.error:
                traceback = shell.InteractiveTB.structured_traceback(
                    type(error), error, error.__traceback__
                )
            content = _error_content(error, traceback)
            content["line"] = _cell_line(shell, error)
            content["payload"] = payload if cell.is_lead else []
            return content
        return {
            "status": "ok",
            "execution_count": shell.cell_count,
            "payload": payload if cell.is_lead else [],
            "user_expressions": shell.user_expressions(cell.expressions),
        }


class Cell:
    """One RUN record, and what became of it."""

    def __init__(self, number, options, code):
        self.number = number
        self.code = code
        self.started = time.time()
        self.silent = options.get("silent", False)
        self.store_history = options.get("store_history", True) and not self.silent
        self.allow_stdin = options.get("allow_stdin", True)
        self.count = options.get("count")
        self.expressions = options.get("user_expressions") or {}
        self.cell_id = options.get("cell_id")
        self.is_lead = options.get("lead", True)
        self.parent = options.get("parent") or {}
        self.transformed = None
        self.transform_error = None
        self.result = None
        self.error = None  # raised around the user's code, not in it


def _end_child(cell, content):
    """A process that the cell has forked has come to the end of the cell: it is no
    rank, and nobody waits for what it would do next."""
    error = cell.result.error_in_exec if cell.result is not None else cell.error
    status = 0 if error is None else 1
    if isinstance(error, SystemExit):
        status = error.code if isinstance(error.code, int) else status
    elif error is not None:
        sys.stderr.write("\n".join(content["traceback"]) + "\n")
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


def _is_in_user_code(frame):
    while frame is not None:
        if frame.f_code is _RUN_CODE:
            return True
        frame = frame.f_back
    return False


def _error_content(error, traceback):
    try:
        text = str(error)
    except Exception:
        text = "<the exception's text cannot be made>"
    name = type(error).__name__
    return {
        "status": "error",
        "ename": name,
        "evalue": text,
        "traceback": traceback or [f"{name}: {text}"],
    }


def _cell_line(shell, error):
    """The line of the cell that the error went through, 0 when there is none."""
    line = 0
    trace = error.__traceback__
    while trace is not None:
        name = trace.tb_frame.f_code.co_filename
        if shell.compile.format_code_name(name) is not None:
            line = trace.tb_lineno
        trace = trace.tb_next
    if isinstance(error, SyntaxError) and line == 0:
        line = error.lineno or 0
    return line
