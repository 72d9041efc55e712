"""IPython's magics, where a rank is not a terminal."""

import functools
from subprocess import CalledProcessError

from IPython.core.error import UsageError


def install(shell):
    scripts = shell.magics_manager.registry["ScriptMagics"]
    scripts.shebang = _stopped_as_stop(scripts.shebang)


def _stopped_as_stop(shebang):
    """%%bash and its like make a failed program of Stop; for the notebook the cell was
    interrupted."""

    @functools.wraps(shebang)
    def run(line, cell):
        try:
            return shebang(line, cell)
        except CalledProcessError as error:
            if isinstance(error.__context__, KeyboardInterrupt):
                raise KeyboardInterrupt from None
            raise

    return run


# ---- %matplotlib ----

_WAYS = "ranks draw with %matplotlib inline, agg or widget (of the package ipympl)"
_NEEDS = {"widget": "ipympl", "ipympl": "ipympl"}


def enable_matplotlib(enable, gui):
    """Calls enable(gui); where that is of no use on a rank, says what is."""
    from IPython.core import pylabtools

    name = gui or "auto"
    try:
        loop, _ = pylabtools.find_gui_and_backend(gui)
    except Exception as error:
        raise UsageError(_refusal(name, error)) from None
    if loop is not None or name == "auto":
        raise UsageError(f"a rank has no window for {name}: {_WAYS}")
    try:
        return enable(gui)
    except Exception as error:
        raise UsageError(_refusal(name, error)) from None


def _refusal(name, error):
    package = _NEEDS.get(name)
    if package is not None:
        return (
            f"%matplotlib {name} needs the package {package}: %pip install {package}, "
            "and restart the kernel"
        )
    return f"{error}: {_WAYS}"
