"""The user's IPython profile: configuration and startup files, if there are any."""

import os
import sys

from traitlets.config import Config

_CONFIGS = ("ipython_config", "ipython_kernel_config")
_PROFILE = "profile_default"


def _folders():
    """From the weakest to the strongest: the system's, the environment's, the user's."""
    from IPython.paths import get_ipython_dir

    system = ("/etc/ipython", "/usr/local/etc/ipython")
    own = os.path.join(sys.prefix, "etc", "ipython")
    return [*system, own, os.path.join(get_ipython_dir(), _PROFILE)]


def load_config():
    config = Config()
    # its first answer takes longer than the notebook waits; %config turns it on
    config.Completer.use_jedi = False
    for folder in _folders():
        for name in _CONFIGS:
            if os.path.exists(os.path.join(folder, name + ".py")):
                _merge(config, folder, name + ".py")
    return config


def _merge(config, folder, name):
    from traitlets.config.loader import PyFileConfigLoader

    try:
        config.merge(PyFileConfigLoader(name, path=folder).load_config())
    except Exception as error:
        print(f"{folder}/{name} is not used: {error}", file=sys.stderr)


def run_startup(shell):
    """Extensions, lines and files that the user wants in every session."""
    shell.magics_manager.register_lazy("store", "IPython.extensions.storemagic")
    if not _is_wanted(shell):
        return
    import logging

    from IPython.core.shellapp import InteractiveShellApp

    class IPKernelApp(InteractiveShellApp):
        """By the name of ipykernel's, which configuration files use."""

        log = logging.getLogger("rankbook")
        ipython_dir = shell.ipython_dir
        profile_dir = shell.profile_dir
        default_extensions = []
        extra_args = []

    app = IPKernelApp(config=shell.config)
    app.shell = shell
    app.init_gui_pylab()
    app.init_extensions()
    app.init_code()
    shell.print_tracebacks()


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
