"""libmpiwait beside MPI's own blocking calls: bench.py's group wait.

Layer and MPI take turns in one process, round by round.  With more ranks than cores an MPI
of the distribution (MPICH 4, where it is installed) is measured as well.
"""

import json
import pathlib
import shutil
import subprocess
import tempfile

from binding import HERE, OURS

PAIRED = {2: {"8 B half round trip": 0.4, "1 MiB half round trip": 1.02, "Barrier": 0.5,
              "Bcast 8 B": 1.0, "Allreduce 8 B": 1.0, "Bcast 1 MiB": 1.02,
              "Allreduce 1 MiB": 1.02}}
MANY = {"8 B half round trip": 1.0, "Barrier": 1.0, "Allreduce 8 B": 1.0,
        "Allreduce 1 MiB": 1.0}
GOALS = PAIRED | {ranks: MANY for ranks in (4, 8, 16)}
OLD = {"Barrier": 1 / 50, "Allreduce 8 B": 1 / 50}  # on so many ranks:
OLD_RANKS = 4, 8


class Program:
    def __init__(self, folder, name, mpicc, mpiexec, *libraries):
        self.path, self.mpiexec = pathlib.Path(folder) / name, mpiexec
        subprocess.run([mpicc, "-O2", "-o", self.path, HERE / "wait_latency.c",
                        *libraries], check=True)

    def run(self, ranks, rounds, fewer=1):
        """By name: the rounds of the layer's calls, and those of MPI's."""
        done = subprocess.run([self.mpiexec, "-n", str(ranks), self.path, str(rounds),
                               str(fewer)],
                              check=True, text=True, stdout=subprocess.PIPE, timeout=600)
        return json.loads(done.stdout)


def bench_wait(table, build, rounds):
    with tempfile.TemporaryDirectory() as folder:
        library = build / "lib/rankbook/libmpiwait.so"
        ours = Program(folder, "ours", OURS / "mpicc", OURS / "mpiexec", library,
                       f"-Wl,-rpath,{library.parent}")
        old = None
        if shutil.which("mpicc.mpich"):
            old = Program(folder, "old", "mpicc.mpich", "mpiexec.mpich")
        for ranks, goals in GOALS.items():
            times = ours.run(ranks, 8 * rounds)
            for name, goal in goals.items():
                layer, plain = times[name]
                table.add_paired(f"{name}, {ranks} ranks", layer, plain, goal, "us")
            if old and ranks in OLD_RANKS:
                beside = old.run(ranks, 3, fewer=100)
                for name, goal in OLD.items():
                    table.add(f"{name}, {ranks} ranks, beside MPICH 4",
                              times[name][0][:3], beside[name][1], goal, "us")
