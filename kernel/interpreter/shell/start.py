"""Brings a rank up: MPI, then IPython, then READY.

The time until the first cell is the time of the imports here, on all ranks at once.
"""

import faulthandler
import gc
import os
import sys

import _rankbook

from . import bars, comms, hooks, ids, parents, standins, streams
from .content import encode
from .loop import Loop
from .userinput import UserInput

# children may start an mpiexec or a kernel of their own
_SCRUBBED_PREFIXES = ("PMI_", "PMIX_", "HYDI_")
_SCRUBBED = ("RANKBOOK_SECRET", "RANKBOOK_WIRE", "RANKBOOK_FAULT_FD",
             "RANKBOOK_STACK_FD")


def _give_up(text):
    """Ends the start; the keeper tells the text to the user."""
    print(text, file=sys.stderr)
    sys.stderr.flush()
    os._exit(1)


def _scrub(module=None):
    for name in os.environ.pop("RANKBOOK_ONE_HOST", "").split():
        del os.environ[name]
    for name in list(os.environ):
        if name.startswith(_SCRUBBED_PREFIXES) or name in _SCRUBBED:
            del os.environ[name]


def _start_mpi(rank, size):
    """Returns what READY says about MPI."""
    if os.environ.get("RANKBOOK_METHOD") == "none":
        _scrub()
        return {}
    try:
        _rankbook.mpi_wait()
    except OSError as error:
        _give_up(f"the MPI library cannot be loaded: {error}")
    if os.environ.get("RANKBOOK_MPI_INIT") == "lazy":
        hooks.on_import("mpi4py.MPI", _scrub)
        return {}
    if "RANKBOOK_ONE_HOST" in os.environ and size > 1:
        _rankbook.meet(os.path.join(os.environ["RANKBOOK_RUN"], "meeting"), size)
    try:
        from mpi4py import MPI
    except Exception as error:
        _give_up(f"MPI could not be started: {type(error).__name__}: {error}")
    world = MPI.COMM_WORLD
    if (world.Get_rank(), world.Get_size()) != (rank, size):
        _give_up(
            f"MPI says that this is rank {world.Get_rank()} of {world.Get_size()}, and "
            f"the process manager that it is rank {rank} of {size}: mpiexec and the "
            "MPI library do not belong together"
        )
    _scrub()
    version = MPI.Get_library_version().split("\n")[0].rstrip("\0").split("\t")
    return {
        "mpi": " ".join(part.strip() for part in version if part),
        "mpi_rank": rank,
        "mpi_size": size,
    }


def _make_shell(rank):
    with standins.installed():
        try:
            from .shell import ZMQInteractiveShell
        except ImportError as error:
            _give_up(
                f"IPython cannot be imported by {sys.executable}: {error}\n"
                f"Install it: {sys.executable} -m pip install ipython"
            )
        from .startup import StartupErrors, load_config

        errors = StartupErrors()
        shell = ZMQInteractiveShell.instance(rank=rank, config=load_config(errors))
        return shell, errors


def _ready(mpi):
    from importlib.util import find_spec

    import IPython

    version = sys.version.split()[0]
    info = {
        "pid": os.getpid(),
        "executable": sys.executable,
        "python": version,
        "ipython": IPython.__version__,
        "implementation": "rankbook",
        "debugger": find_spec("debugpy") is not None,
        "banner": f"Python {version}, IPython {IPython.__version__}",
        "language_info": {
            "name": "python",
            "version": version,
            "mimetype": "text/x-python",
            "file_extension": ".py",
            "pygments_lexer": "ipython3",
            "codemirror_mode": {"name": "ipython", "version": sys.version_info[0]},
            "nbconvert_exporter": "python",
        },
        **mpi,
    }
    _rankbook.send(_rankbook.READY, 0, [encode(info)])


def _add_folder():
    """Where IPython has it, after the standard library: a random.py beside the
    notebook hides nothing.  Not before the imports above: each would look there."""
    names = [os.path.basename(path) for path in sys.path]
    found = [names.index(n) for n in ("site-packages", "dist-packages") if n in names]
    if "" not in sys.path and not getattr(sys.flags, "safe_path", False):
        sys.path.insert(min(found, default=0), "")


def _number(first, second):
    return int(os.environ.get(first) or os.environ.get(second) or 0)


def start():
    """Runs until the keeper says STOP."""
    gc.disable()  # nothing that is made here becomes garbage
    fault_fd = _number("RANKBOOK_FAULT_FD", "")
    if fault_fd:
        faulthandler.enable(fault_fd, all_threads=False)
        _rankbook.watch_faults()
    stack_fd = _number("RANKBOOK_STACK_FD", "")
    if stack_fd:
        faulthandler.register(_rankbook.STACK_SIGNAL, stack_fd, all_threads=False)
    rank = _number("PMI_RANK", "RANKBOOK_RANK")
    size = _number("PMI_SIZE", "RANKBOOK_SIZE") or 1
    hooks.install()
    shell, errors = _make_shell(rank)
    mpi = _start_mpi(rank, size)
    _add_folder()

    handlers = {}
    loop = Loop(handlers)
    user_input = UserInput()

    from .asks import Asks
    from .cells import Cells

    cells = Cells(shell, loop, user_input, errors)
    asks = Asks(shell, loop, user_input, cells)

    def on_heal(cell, frames):
        code, text, size = _rankbook.heal(cell)
        if code:
            text = text or f"MPI could not be set right (error {code})"
        _rankbook.send(_rankbook.HEALED, cell, [encode({"text": text, "size": size})])

    handlers.update(
        {
            _rankbook.RUN: cells.on_run,
            _rankbook.ASK: asks.on_ask,
            _rankbook.INPUT_REPLY: user_input.on_reply,
            _rankbook.HEAL: on_heal,
            _rankbook.STOP: lambda cell, frames: loop.stop(),
        }
    )
    user_input.install()
    parents.install()
    comms.install()
    ids.install()
    bars.install(size)
    asks.start_assist()
    if rank == 0:
        loop.when_idle(shell.history_manager.open)
    streams.install()
    gc.freeze()
    gc.enable()
    _ready(mpi)
    from .startup import run_startup

    run_startup(shell, errors)
    loop.run()
    gc.freeze()  # a last collection of everything would only take time
