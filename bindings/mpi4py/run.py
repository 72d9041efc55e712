"""Runs Python code so that a failing rank ends the whole program.

    mpiexec -n N python -m mpi4py [options] script.py [arg] ...
    mpiexec -n N python -m mpi4py [options] -m module [arg] ...
    mpiexec -n N python -m mpi4py [options] -c command [arg] ...

An exception that nobody catches is printed, and then MPI_Abort() ends all ranks:
without that, the others would wait for this one for ever.
"""

import os
import sys

HELP = """usage: {prog} [options] <pyfile> [arg] ...
   or: {prog} [options] -m <module> [arg] ...
   or: {prog} [options] -c <command> [arg] ...
   or: {prog} [options] - [arg] ...

options:
  --version          show version and exit
  --prefix           show the package's directory and exit
  --module           show the extension module's path and exit
  --mpi-vendor       show the name of the MPI and exit
  --mpi-library      show the path of the MPI library and exit
  --mpi-std-version  show the version of the MPI standard and exit
  --mpi-lib-version  show the version of the MPI library and exit
  -rc <k=v>[,<k=v>]  set options of mpi4py.rc
  -h, --help         show this help and exit"""


def run_command_line(args=None):
    """Run what the command line names: sys.argv[1:], or 'args'."""
    import runpy

    sys.argv[:] = sys.argv[1:] if args is None else args
    what = sys.argv[0]
    if what == "-c":
        code = sys.argv.pop(1)
        sys.argv[0] = "-c"
        sys.path.insert(0, "")
        _run_code(compile(code, "<string>", "exec"))
    elif what == "-m":
        sys.argv.pop(0)
        sys.path.insert(0, "")
        runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
    elif what == "-":
        sys.path.insert(0, "")
        _run_code(compile(sys.stdin.read(), "<stdin>", "exec"))
    else:
        if not os.path.isdir(what):
            sys.path.insert(0, os.path.realpath(os.path.dirname(what) or "."))
        runpy.run_path(what, run_name="__main__")


def _run_code(code):
    """As the main module, whose names are the program's."""
    import __main__

    names = vars(__main__)
    names.update(__name__="__main__", __builtins__=__builtins__)
    for name in ("__file__", "__spec__", "__loader__", "__cached__"):
        names.pop(name, None)
    exec(code, names)


def set_abort_status(status):
    """Let the process end all ranks, with this status, when it exits."""
    if isinstance(status, SystemExit):
        status = status.code
    elif isinstance(status, KeyboardInterrupt):
        status = 130
    if status is None:
        status = 0
    if not isinstance(status, int):
        status = 1
    if "mpi4py.MPI" in sys.modules:
        sys.modules["mpi4py.MPI"]._set_abort_status(status)


def main():
    """Run the command line; a failure aborts."""
    args = sys.argv[1:]
    while args and args[0].startswith("-") and args[0] not in ("-", "-c", "-m"):
        args = _option(args)
    if not args:
        _usage("No path specified for execution")
    if args[0] in ("-c", "-m") and len(args) < 2:
        _usage("Argument expected for the %s option" % args[0])
    try:
        run_command_line(args)
    except SystemExit as error:
        set_abort_status(error)
        raise
    except KeyboardInterrupt as error:
        set_abort_status(error)
        raise
    except BaseException:
        set_abort_status(1)
        raise


def _option(args):
    name = args[0]
    if name in ("-h", "--help"):
        print(HELP.format(prog=_prog()))
        sys.exit(0)
    if name == "-rc" or name == "--rc":
        if len(args) < 2:
            _usage("Argument expected for the -rc option")
        _set_rc(args[1])
        return args[2:]
    show = SHOW.get(name)
    if not show:
        _usage("Unknown option: " + name)
    print(show())
    sys.exit(0)


def _set_rc(text):
    import ast

    from . import rc

    for item in filter(None, text.split(",")):
        name, _, value = item.partition("=")
        try:
            value = ast.literal_eval({"true": "True", "false": "False"}.get(value, value))
        except (ValueError, SyntaxError):
            pass
        rc(**{name: value})


def _mpi():
    from . import rc

    rc.initialize = rc.finalize = False
    from . import MPI

    return MPI


def _library():
    """The file that the dynamic linker took MPI_Init's library from."""
    _mpi()
    with open("/proc/self/maps") as maps:
        for line in maps:
            path = line.split()[-1]
            if os.path.basename(path).startswith("libmpi."):
                return path
    return ""


def _version():
    from . import __version__

    return "mpi4py " + __version__


SHOW = {
    "--version": _version,
    "--prefix": lambda: os.path.dirname(os.path.abspath(__file__)),
    "--module": lambda: _mpi().__file__,
    "--mpi-vendor": lambda: "%s %d.%d.%d" % (_mpi().get_vendor()[:1] + _mpi().get_vendor()[1]),
    "--mpi-library": _library,
    "--mpi-std-version": lambda: "MPI %d.%d" % _mpi().Get_version(),
    "--mpi-lib-version": lambda: _mpi().Get_library_version(),
}


def _prog():
    return os.path.basename(sys.executable) + " -m " + __package__


def _usage(message):
    print(message, file=sys.stderr)
    print(HELP.format(prog=_prog()), file=sys.stderr)
    sys.exit(1)


if __name__ == "__main__":
    main()
