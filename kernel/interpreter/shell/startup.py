"""The user's IPython profile: configuration and startup files, if there are any."""

import os
import sys

from traitlets.config import Config

_CONFIGS = ("ipython_config", "ipython_kernel_config")
_PROFILE = "profile_default"


def load_config():
    from IPython.paths import get_ipython_dir

    config, folder = Config(), os.path.join(get_ipython_dir(), _PROFILE)
    # its first answer takes longer than the notebook waits; %config turns it on
    config.Completer.use_jedi = False
    for name in _CONFIGS:
        if not os.path.exists(os.path.join(folder, name + ".py")):
            continue
        from traitlets.config.loader import PyFileConfigLoader

        try:
            config.merge(PyFileConfigLoader(name + ".py", path=folder).load_config())
        except Exception as error:
            print(f"{folder}/{name}.py is not used: {error}", file=sys.stderr)
    return config


def run_startup(shell):
    """Extensions, lines and files that the user wants in every session."""
    wanted = shell.config.InteractiveShellApp
    for name in wanted.get("extensions", []):
        try:
            shell.extension_manager.load_extension(name)
        except Exception:
            shell.showtraceback()
    for line in wanted.get("exec_lines", []):
        shell.run_cell(line, store_history=False)
    # not get_ipython_dir(): it imports tempfile, on all ranks before the first cell
    folder = os.path.join(shell.ipython_dir, _PROFILE, "startup")
    for name in sorted(os.listdir(folder)) if os.path.isdir(folder) else []:
        path = os.path.join(folder, name)
        if name.endswith(".ipy"):
            shell.safe_execfile_ipy(path)
        elif name.endswith(".py"):
            shell.safe_execfile(path, shell.user_ns, raise_exceptions=False)
    shell.print_tracebacks()
