"""The user's IPython profile: configuration and startup files, if there are any."""

import logging
import os
import sys
import traceback
from contextlib import contextmanager

from traitlets.config import Config

_CONFIGS = ("ipython_config", "ipython_kernel_config")
_PROFILE = "profile_default"


class StartupErrors(logging.Handler):
    """What went wrong before the first cell, kept for it: earlier, nobody looks.

    Ranks that say the same are folded, as in any cell."""

    def __init__(self):
        super().__init__(logging.WARNING)
        self._texts = []

    def add(self, text):
        self._texts.append(text.rstrip("\n"))

    def emit(self, record):
        self.add(record.getMessage())
        if record.exc_info:
            self.add("".join(traceback.format_exception(*record.exc_info)))

    @contextmanager
    def of(self, shell, logger):
        """What these two complain about meanwhile."""

        def on_traceback(etype, evalue, stb):
            self.add(shell.InteractiveTB.stb2text(stb))

        logger.addHandler(self)
        logger.propagate = False
        shell._showtraceback = on_traceback
        try:
            yield
        finally:
            del shell._showtraceback
            logger.removeHandler(self)

    def show(self, cell):
        """In this cell, unless it shows nothing."""
        if self._texts and not cell.silent:
            texts, self._texts = self._texts, []
            sys.stderr.write("\n".join(["Errors at the start of IPython:", *texts, ""]))


def _folders():
    """From the weakest to the strongest: the system's, the environment's, the user's."""
    from IPython.paths import get_ipython_dir

    system = ("/etc/ipython", "/usr/local/etc/ipython")
    own = os.path.join(sys.prefix, "etc", "ipython")
    return [*system, own, os.path.join(get_ipython_dir(), _PROFILE)]


def load_config(errors):
    config = Config()
    # its first answer takes longer than the notebook waits; %config turns it on
    config.Completer.use_jedi = False
    for folder in _folders():
        for name in _CONFIGS:
            if os.path.exists(os.path.join(folder, name + ".py")):
                _merge(config, folder, name + ".py", errors)
    return config


def _merge(config, folder, name, errors):
    from traitlets.config.loader import PyFileConfigLoader

    try:
        config.merge(PyFileConfigLoader(name, path=folder).load_config())
    except Exception as error:
        errors.add(f"{folder}/{name} is not used: {type(error).__name__}: {error}")


def run_startup(shell, errors):
    """Extensions, lines and files that the user wants in every session."""
    shell.magics_manager.register_lazy("store", "IPython.extensions.storemagic")
    if not _is_wanted(shell):
        return
    from IPython.core.shellapp import InteractiveShellApp

    logger = logging.getLogger("rankbook.startup")

    class IPKernelApp(InteractiveShellApp):
        """By the name of ipykernel's, which configuration files use."""

        log = logger
        ipython_dir = shell.ipython_dir
        profile_dir = shell.profile_dir
        default_extensions = []
        extra_args = []

    app = IPKernelApp(config=shell.config)
    app.shell = shell
    with errors.of(shell, logger):
        app.init_gui_pylab()
        app.init_extensions()
        app.init_code()


def _is_wanted(shell):
    # not get_ipython_dir(): it imports tempfile, on all ranks before the first cell
    folder = os.path.join(shell.ipython_dir, _PROFILE, "startup")
    names = os.listdir(folder) if os.path.isdir(folder) else []
    config = shell.config
    return (
        "PYTHONSTARTUP" in os.environ
        or bool(config.InteractiveShellApp)
        or set(config.IPKernelApp) - {"tqdm"}
        or any(name.endswith((".py", ".ipy")) for name in names)
    )
