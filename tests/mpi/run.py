"""Runs the tests of the binding under mpiexec, with 1 to 4 ranks, and adds them up.

    python tests/mpi/run.py [-n 0,1,2,3,4] [--limit SECONDS] [pytest arguments]
    .venv-peers/bin/python tests/mpi/run.py --installed

Exit status 1 if anything failed (see ranks.py).  0 ranks: the tests that start
mpiexec themselves.  BUILD and MPIEXEC name another build and another MPI.
--installed tests the tests, on the mpi4py that the Python has, without what only
ours promises.
"""
import argparse
import os
import sys
import time
from pathlib import Path

import ranks

HERE = Path(__file__).resolve().parent


def installed_arguments():
    """Leaves out what only ours promises."""
    paths = [*HERE.glob("test_ours_*.py"), *HERE.glob("test_core_*.py")]
    return [f"--ignore={path}" for path in paths]


def python_path():
    """Ours first."""
    build = HERE.parents[1] / os.environ.get("BUILD", "build")
    paths = [str(build / "lib/rankbook/python"), os.environ.get("PYTHONPATH")]
    return os.pathsep.join(filter(None, paths))


def has_path(arguments):
    return any(
        Path(argument.split("::")[0]).exists()
        for argument in arguments
        if not argument.startswith("-")
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-n", default="0,1,2,3,4", help="numbers of ranks")
    parser.add_argument("--limit", type=float, default=300, help="seconds for each")
    parser.add_argument("--installed", action="store_true", help="not our mpi4py")
    options, arguments = parser.parse_known_args()
    if not has_path(arguments):
        arguments.append(str(HERE))
    environment = {}
    if options.installed:
        arguments += installed_arguments()
    else:
        environment["PYTHONPATH"] = python_path()
    total = {"passed": 0, "failed": 0, "skipped": 0}
    for count in map(int, options.n.split(",")):
        begin = time.monotonic()
        place = ranks.Ranks(sys.executable, environment if count else {})
        results = place.run(count, arguments, options.limit)
        title = f"{count} ranks" if count else "alone"
        counts = ranks.report(title, results, time.monotonic() - begin)
        total = {name: total[name] + counts[name] for name in total}
    print(", ".join(f"{value} {name}" for name, value in total.items()))
    return 1 if total["failed"] or not total["passed"] else 0


if __name__ == "__main__":
    sys.exit(main())
