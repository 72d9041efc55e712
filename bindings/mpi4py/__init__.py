"""MPI for Python: the package around the extension module mpi4py.MPI."""

import os as _os
import sys as _sys
import warnings as _warnings

__version__ = "4.1.2"
__all__ = ["MPI"]


class Rc:
    """Options that the import of mpi4py.MPI obeys.

    initialize    call MPI_Init() at import (True)
    threads       ask for thread support (True)
    thread_level  which: single, funneled, serialized, multiple ("multiple")
    finalize      call MPI_Finalize() at exit (None: if the import initialised)
    fast_reduce   reduce objects along a tree (True)
    recv_mprobe   receive objects by matched probes (True)
    irecv_bufsz   bytes that irecv() expects (32768)
    errors        what MPI errors become: exception, default, abort, fatal
    """

    initialize = True
    threads = True
    thread_level = "multiple"
    finalize = None
    fast_reduce = True
    recv_mprobe = True
    irecv_bufsz = 32768
    errors = "exception"

    def __init__(self, **kwargs):
        self(**kwargs)

    def __setattr__(self, name, value):
        if not hasattr(type(self), name):
            raise TypeError("object has no attribute '%s'" % name)
        if _is_too_late() and value != getattr(self, name):
            _warnings.warn(
                "MPI is initialised already, mpi4py.rc.%s comes too late; set "
                "RANKBOOK_MPI_INIT=lazy to leave the start to the first import" % name,
                stacklevel=2,
            )
        super().__setattr__(name, value)

    def __call__(self, **kwargs):
        for name in kwargs:
            if not hasattr(type(self), name):
                raise TypeError("unexpected argument '%s'" % name)
        for name, value in kwargs.items():
            setattr(self, name, value)

    def __repr__(self):
        names = [n for n in vars(Rc) if not n.startswith("_")]
        pairs = ", ".join("%s=%r" % (n, getattr(self, n)) for n in names)
        return "%s.rc(%s)" % (__name__, pairs)


def _is_too_late():
    """In the kernel MPI runs before the first cell; elsewhere nobody is told."""
    return "rankbook_shell" in _sys.modules and __name__ + ".MPI" in _sys.modules


def _is_on_one_host():
    """No rank of the job is elsewhere, as far as the environment tells."""
    env = _os.environ
    if "PMI_SIZE" in env:
        return env["PMI_SIZE"] == env.get("MPI_LOCALNRANKS")
    return not any(name.startswith(("PMI", "SLURM_", "PALS_", "FLUX_")) for name in env)


def _load_without_hooks():
    """UCX hooks mmap() as it is loaded, for the sake of networks: that spins for 40 ms.

    What the user has set stays.  os.environ does not show it, so that no child of this
    process inherits it, and the import of MPI removes it from the process (module.c).
    """
    name = "UCX_MEM_MMAP_HOOK_MODE"
    if name not in _os.environ and _is_on_one_host():
        _os.putenv(name, "none")


_load_without_hooks()
rc = Rc()
_sys.modules[__name__ + ".rc"] = rc


def get_include():
    """Return the directory of the C headers."""
    return _os.path.join(_os.path.dirname(__file__), "include")


def get_config():
    """Return the configuration that the package was built with."""
    from configparser import ConfigParser

    parser = ConfigParser()
    parser.read(_os.path.join(_os.path.dirname(__file__), "mpi.cfg"))
    return dict(parser.items("mpi")) if parser.has_section("mpi") else {}


def profile(name, *, path=None):
    """Load a profiling library, so that it sees the MPI calls of this process.

    name: of the library, bare ("mpe", "libmpe.so") or as a path.
    path: directories to look into, before the system's.
    """
    import ctypes

    for candidate in _profiler_paths(name, path):
        if not _os.path.isfile(candidate):
            continue
        try:
            _profilers.append(ctypes.CDLL(candidate, ctypes.RTLD_GLOBAL))
        except OSError as error:
            _warnings.warn(str(error), stacklevel=2)
        return
    raise ValueError("profiler '%s' not found" % name)


_profilers = []


def _profiler_paths(name, path):
    directory, base = _os.path.split(name)
    names = [base]
    if ".so" not in base:
        names = ["lib%s.so" % base, "%s.so" % base, base]
    if directory:
        places = [directory]
    elif path is None:
        places = []
    elif isinstance(path, (str, bytes, _os.PathLike)):
        places = _os.fsdecode(path).split(_os.pathsep)
    else:
        places = [_os.fsdecode(p) for p in path]
    if not directory:
        places += [p for p in _os.environ.get("MPI4PY_PROFILE_PATH", "").split(":") if p]
        places += [p for p in _os.environ.get("LD_LIBRARY_PATH", "").split(":") if p]
        places += [_os.path.join(_sys.prefix, "lib"), "/usr/lib", "/usr/local/lib"]
    return [_os.path.join(p, n) for p in places for n in names]
