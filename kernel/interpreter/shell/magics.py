"""IPython's magics, where a rank is not a terminal, and not alone."""

import functools
import os

from IPython.core.error import UsageError

from .once import once

# what ranks would do several times over: to the same packages, to the same file
_BY_ONE = {
    "line": {"pip", "conda", "mamba", "micromamba", "uv", "save", "notebook"},
    "cell": {"writefile", "file"},
}
_SCRIPTS = "IPython.core.magics.script"


def adapt(kind, name, magic):
    """What is to be called for a magic that IPython has found; None stays None."""
    if magic is None:
        return None
    if name in _BY_ONE[kind]:
        return _by_one(name, magic)
    if kind == "line" and name == "run":
        return _failing_its_cell(magic)
    if kind == "cell" and magic.__module__ == _SCRIPTS:
        return _stopped_as_stop(magic)
    return magic


def _by_one(name, magic):
    @functools.wraps(magic)
    def run(*args, **options):
        once((name, args, os.getcwd()), lambda: magic(*args, **options))

    return run


def _failing_its_cell(script):
    @functools.wraps(script)
    def run(*args, **options):
        with script.__self__.shell.running_script():
            return script(*args, **options)

    return run


def _stopped_as_stop(script):
    """%%bash and its like make a failed program of Stop; for the notebook the cell was
    interrupted."""

    @functools.wraps(script)
    def run(*args, **options):
        from subprocess import CalledProcessError

        try:
            return script(*args, **options)
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
