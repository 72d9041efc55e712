"""IPython's shell, as a rank has it.

The class has the name of ipykernel's: tqdm, rich, pandas and others look for it to
know that they are in a notebook.
"""

import builtins
import os
import re
import sys
from contextlib import contextmanager

from IPython.core import page
from IPython.core.autocall import ExitAutocall
from IPython.core.error import UsageError
from IPython.core.events import available_events
from IPython.core.interactiveshell import InteractiveShell
from IPython.core.profiledir import ProfileDir
from traitlets import Any, Instance, Type, default, observe

from . import directives, frames, magics
from .compiler import CellCompiler
from .display import RankDisplayHook, RankDisplayPublisher
from .events import CellEvents
from .history import RankHistory
from .kept import Kept
from .notebook import NotebookMagics
from .tracebacks import Traceback

_ENVIRONMENT = {
    # colours in the output of programs, and no pager that waits for a key
    "TERM": "xterm-color",
    "CLICOLOR": "1",
    "FORCE_COLOR": "1",
    "CLICOLOR_FORCE": "1",
    "PAGER": "cat",
    "GIT_PAGER": "cat",
}

_INLINE = "module://matplotlib_inline.backend_inline"


class BorrowedProfile(ProfileDir):
    """The user's profile, on the ranks that make no folders for it."""

    @observe("location")
    def _location_changed(self, change):
        self.startup_dir = os.path.join(change["new"], self.startup_dir_name)

    def _mkdir(self, path, mode=None):
        return False


class RankExit(ExitAutocall):
    """exit and quit: a request to the notebook, not the end of this rank."""

    def __call__(self, keep_kernel=False):
        self._ip.ask_exit(keep_kernel)


class Kernel:
    """What code that asks for get_ipython().kernel may expect."""

    def __init__(self, shell):
        self.shell = shell
        self.parent = {}

    def get_parent(self, channel=None):
        return self.parent

    @property
    def comm_manager(self):
        import comm

        return comm.get_comm_manager()


class ZMQInteractiveShell(InteractiveShell):
    """One per rank."""

    displayhook_class = Type(RankDisplayHook)
    display_pub_class = Type(RankDisplayPublisher)
    compiler_class = Type(CellCompiler)
    exiter = Instance(RankExit)
    # IPython names it by a module with all of its applications
    profile_dir = Instance(ProfileDir, allow_none=True)
    kernel = Any()

    # the notebook has no readline, and indents by itself
    readline_use = False
    autoindent = False

    def __init__(self, rank=0, **kwargs):
        self.rank = rank
        self.cell_count = 0
        self.is_lead = rank == 0  # of the ranks of the cell
        self.tracebacks = []
        self.kept = Kept(self)
        self.scripts = 0  # of %run that are running
        self.script_error = None  # of one that failed in this cell
        self.is_in_callback = False
        self.callback_error = None
        self._completer = None
        super().__init__(**kwargs)
        if "IPKernelApp" not in self.config:  # tqdm looks for it
            self.config.IPKernelApp.tqdm = "rankbook"
        self.kernel = Kernel(self)
        cleanup = self.input_transformer_manager.cleanup_transforms
        cleanup.append(directives.remove)
        directives.register(self)

    @default("exiter")
    def _default_exiter(self):
        return RankExit(self)

    # ---- start ----

    def init_profile_dir(self, profile_dir):
        if profile_dir is None and self.rank != 0:
            location = os.path.join(self.ipython_dir, "profile_default")
            profile_dir = BorrowedProfile(location=location, parent=self)
        super().init_profile_dir(profile_dir)

    @property
    def db(self):
        if self._db is None and self.rank != 0:
            from .store import BorrowedStore

            self._db = BorrowedStore(os.path.join(self.profile_dir.location, "db"))
        return super().db

    @db.setter
    def db(self, value):
        self._db = value

    def init_environment(self):
        os.environ.update(_ENVIRONMENT)
        os.environ.setdefault("MPLBACKEND", _INLINE)

    def init_virtualenv(self):
        """The interpreter was started as the environment's python already."""

    def init_magics(self):
        super().init_magics()
        self.magics_manager.register_lazy("store", "IPython.extensions.storemagic")
        self.register_magics(NotebookMagics)

    def init_history(self):
        self.history_manager = RankHistory(shell=self, parent=self)
        self.configurables.append(self.history_manager)

    def init_events(self):
        super().init_events()
        registered = self.events.callbacks
        self.events = CellEvents(self, available_events)
        self.events.callbacks.update(registered)

    def init_hooks(self):
        super().init_hooks()
        self.set_hook("show_in_pager", page.as_hook(self._show_in_pager), 99)

    def init_completer(self):
        """Made when it is first used: few ranks ever complete anything."""

    @property
    def Completer(self):
        if self._completer is None:
            super().init_completer()
        return self._completer

    @Completer.setter
    def Completer(self, completer):
        self._completer = completer

    @property
    def configurables(self):
        if self.kernel is not None and self._completer is None:
            super().init_completer()  # %config wants to see it
        return self._configurables

    @configurables.setter
    def configurables(self, configurables):
        self._configurables = configurables

    def reset(self, *args, **options):
        """multiprocessing asks __main__ for the __spec__ that IPython deletes."""
        super().reset(*args, **options)
        self.user_ns.setdefault("__spec__", None)

    # ---- payloads ----

    def _show_in_pager(self, text, start=0, screen_lines=0, pager_cmd=None):
        data = text if isinstance(text, dict) else {"text/plain": text}
        self.payload_manager.write_payload(
            {"source": "page", "data": data, "start": max(0, start)}
        )

    def set_next_input(self, text, replace=False):
        self.payload_manager.write_payload(
            {"source": "set_next_input", "text": text, "replace": replace}
        )

    def ask_exit(self, keep_kernel=False):
        print("Ranks end with their kernel: shut it down in the notebook's menu.")
        self.payload_manager.write_payload(
            {"source": "ask_exit", "keepkernel": bool(keep_kernel)}
        )

    # ---- errors ----

    def init_traceback_handlers(self, custom_exceptions):
        super().init_traceback_handlers(custom_exceptions)
        mode, colors, offset = self.xmode, self.colors, self.InteractiveTB.tb_offset
        self.InteractiveTB = Traceback(mode=mode, theme_name=colors, tb_offset=offset)
        self.InteractiveTB.set_mode(mode=mode)

    def showtraceback(
        self,
        exc_tuple=None,
        filename=None,
        tb_offset=None,
        exception_only=False,
        running_compiled_code=False,
    ):
        """IPython prints groups of exceptions itself; ours go the way of all others."""
        import traceback

        group = getattr(builtins, "BaseExceptionGroup", ())
        kind, value, trace = exc_tuple if exc_tuple else sys.exc_info()
        if trace is not None and value.__traceback__ is trace:
            frames.remove_ours(value)
            trace = value.__traceback__
            exc_tuple = kind, value, trace
        cause = value
        while cause is not None and not isinstance(cause, group):
            cause = cause.__context__
        if cause is not None:
            lines = traceback.format_exception(kind, value, trace)
            self._showtraceback(kind, value, "".join(lines).splitlines())
            return
        try:
            super().showtraceback(
                exc_tuple, filename, tb_offset, exception_only, running_compiled_code
            )
        except Exception as error:  # an exception whose text cannot be made
            lines = traceback.format_tb(trace)
            lines.append(f"{kind.__name__}, whose text raised {error!r}")
            self._showtraceback(kind, value, lines)

    def _format_exception_for_storage(self, exception, *args, **kwargs):
        """What was shown, which took longer than all the rest of a cell's end."""
        name = type(exception).__name__
        shown = [stb for evalue, stb in self.tracebacks if evalue is exception]
        try:
            if shown:
                return {"ename": name, "evalue": str(exception), "traceback": shown[0]}
            return super()._format_exception_for_storage(exception, *args, **kwargs)
        except Exception:  # its text cannot be made: the history has to do without it
            return {"ename": name, "evalue": "", "traceback": []}

    def show_usage_error(self, exc):
        self._showtraceback(type(exc), exc, [f"UsageError: {exc}"])

    def _showtraceback(self, etype, evalue, stb):
        """The one that ends the cell is kept for its reply; others are output, at once:
        an Output widget that is open takes them in."""
        result = self.displayhook.exec_result
        self.print_tracebacks()
        self.tracebacks.append((evalue, stb))
        if self.is_in_callback:
            self.callback_error = self.callback_error or evalue
            self.print_tracebacks()
        elif self.displayhook.is_formatting:
            self.displayhook.error = evalue
        elif self.scripts:
            self.script_error = evalue
        elif result is not None and evalue not in (
            result.error_in_exec,
            result.error_before_exec,
        ):
            self.print_tracebacks()

    @contextmanager
    def running_script(self):
        """IPython shows what a script of %run raised, and goes on.  Here it fails the
        cell as well: ranks may wait for the one whose script has failed."""
        self.scripts += 1
        try:
            yield
        finally:
            self.scripts -= 1

    def take_traceback(self, error):
        """The traceback shown for 'error'; None when there was none."""
        found = None
        for index, (evalue, stb) in enumerate(self.tracebacks):
            if evalue is error:
                found = stb
                del self.tracebacks[index]
                break
        self.print_tracebacks()
        return found

    def print_tracebacks(self):
        for _, stb in self.tracebacks:
            sys.stderr.write(self.InteractiveTB.stb2text(stb) + "\n")
        self.tracebacks.clear()

    # ---- cells ----

    def enable_gui(self, gui=None):
        if gui not in (None, "inline", "agg", "asyncio"):
            raise UsageError(f"a rank has no window, and no event loop of {gui}")

    def _find_with_lazy_load(self, kind, name):
        """The one way to a magic that is called; asking for its help is another."""
        return magics.adapt(kind, name, super()._find_with_lazy_load(kind, name))

    def enable_matplotlib(self, gui=None):
        return magics.enable_matplotlib(super().enable_matplotlib, gui)

    def system(self, cmd):
        """!cmd"""
        from .system import system

        if re.search(r"(?<!&)&\s*$", cmd):
            raise OSError("a program in the background has no output: use subprocess")
        status = system(self.var_expand(cmd, depth=1))
        self.user_ns["_exit_code"] = status
        if self.system_raise_on_error and status != 0:
            from subprocess import CalledProcessError

            raise CalledProcessError(status, cmd)

    system_piped = system
