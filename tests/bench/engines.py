"""ipyparallel's MPI engines, timed; runs in the peers' environment.

usage: engines.py COUNT

Starts COUNT engines with mpiexec, writes the milliseconds from there to the end of a
first call on all of them, and then, for each line "CODE REPETITIONS" it reads, the
median milliseconds of a blocking execute of CODE on all.
"""

import logging
import pathlib
import statistics
import sys
import tempfile
import time

import ipyparallel


def timed(view, code):
    begin = time.perf_counter()
    view.execute(code, block=True, silent=False)
    return 1e3 * (time.perf_counter() - begin)


def main():
    count = int(sys.argv[1])
    mpiexec = pathlib.Path(sys.executable).with_name("mpiexec")
    with tempfile.TemporaryDirectory(prefix="rankbook-bench-") as folder:
        cluster = ipyparallel.Cluster(n=count, engines="mpi", ipython_dir=folder,
                                      log_level=logging.ERROR)
        cluster.config.MPILauncher.mpi_cmd = [str(mpiexec)]
        begin = time.perf_counter()
        with cluster as client:
            client.wait_for_engines(count, interactive=False)
            view = client[:]
            view.execute("pass", block=True)
            print(1e3 * (time.perf_counter() - begin), flush=True)
            for line in sys.stdin:
                code, repetitions = line.rsplit(None, 1)
                samples = [timed(view, code) for _ in range(int(repetitions))]
                print(statistics.median(samples), flush=True)


if __name__ == "__main__":
    main()
