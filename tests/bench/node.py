"""Collectives of one host, beside MPICH, Open MPI and a bare loop: bench.py's group node.

One C program, compiled by each MPI's own compiler; ours is MPICH's with libmpiwait
before it.  The four take turns.

usage: node.py FILE.png RANKS...    (draws time against size)
"""

import json
import pathlib
import subprocess
import sys
import tempfile

from peer import ROOT

HERE = pathlib.Path(__file__).resolve().parent
MPICH, OPEN_MPI = ROOT / ".venv" / "bin", ROOT / ".venv-openmpi" / "bin"
OVERSUBSCRIBED = ["--allow-run-as-root", "--map-by", ":OVERSUBSCRIBE", "--bind-to", "none"]
SIZES = [8, 64, 512, 4096, 16384, 65536, 262144, 1 << 20]

# By ranks: the largest ratio to MPICH, to Open MPI, to the loop.
GOALS = {
    "Barrier": {2: (0.15, None, 2), 4: (0.1, 0.6, None), 8: (0.1, 0.6, None)},
    "8 B": {2: (0.5, None, None), 4: (None, 0.7, None), 8: (None, 0.7, None)},
    "4 KiB": {2: (0.8, None, None), 4: (None, 0.8, None), 8: (None, 0.8, None)},
}


class Programs:
    def __init__(self, build, folder):
        self.layer = build / "lib/rankbook/libmpiwait.so"
        self.folder = pathlib.Path(folder)
        for name, where in (("mpich", MPICH), ("openmpi", OPEN_MPI)):
            subprocess.run([where / "mpicc", "-O2", "-o", self.folder / name,
                            HERE / "collectives.c"], check=True)

    def run(self, name, where, options, ranks, sizes, **environ):
        done = subprocess.run(
            [where / "mpiexec", *options, "-n", str(ranks), self.folder / name,
             *map(str, sizes)],
            env={"PATH": "/usr/bin:/bin", "HOME": self.folder, **environ}, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, text=True, timeout=300, check=True)
        return json.loads(done.stdout)

    def round(self, ranks, sizes=()):
        """The same by ours, MPICH and Open MPI."""
        return (self.run("mpich", MPICH, [], ranks, sizes, LD_PRELOAD=str(self.layer)),
                self.run("mpich", MPICH, [], ranks, sizes),
                self.run("openmpi", OPEN_MPI, OVERSUBSCRIBED, ranks, sizes))


def bench_node(table, build, rounds):
    with tempfile.TemporaryDirectory(prefix="rankbook-bench-") as folder:
        programs = Programs(build, folder)
        for ranks in (2, 4, 8):
            add_rows(table, ranks, [programs.round(ranks) for _ in range(rounds)])


def add_rows(table, ranks, rounds):
    for name in rounds[0][0]:
        if name.startswith("loop"):
            continue
        kind = name.partition(" ")[2] or name
        goals = GOALS[kind][ranks]
        ours = [row[0][name] for row in rounds]
        for idx, peer in ((1, "MPICH"), (2, "Open MPI")):
            table.add(f"{name}, {ranks} ranks, beside {peer}", ours,
                      [row[idx][name] for row in rounds], goals[idx - 1], unit="us")
        if f"loop {name}" in rounds[0][0]:
            table.add(f"{name}, {ranks} ranks, beside a loop", ours,
                      [row[0][f"loop {name}"] for row in rounds], goals[2], unit="us")


def draw(times, path):
    """Time against size, a panel for each call and number of ranks."""
    import matplotlib

    matplotlib.use("agg")
    matplotlib.rcParams["font.size"] = 7
    from matplotlib import pyplot

    kinds = list(dict.fromkeys(name.split()[0] for name in next(iter(times.values()))
                               if name[-1] == "B"))
    figure, panels = pyplot.subplots(len(times) * 2, (len(kinds) + 1) // 2, sharex=True,
                                     sharey=True, figsize=(9, 4.5 * len(times)),
                                     layout="constrained")
    places = [(ranks, kind) for ranks in times for kind in kinds]
    for panel, (ranks, kind) in zip(panels.flat, places):
        rows = [row for name, row in times[ranks].items() if name.split()[0] == kind]
        for side, (who, style) in enumerate((("Rankbook", "k-"), ("MPICH 5", "C0--"),
                                             ("Open MPI 5", "C1:"))):
            panel.loglog(SIZES, [row[side] for row in rows], style, label=who)
        panel.set_title(f"{kind}, {ranks} ranks", fontsize=7)
        panel.set_xticks([8, 1 << 10, 1 << 16, 1 << 20], ["8 B", "1 KiB", "64 KiB", "1 MiB"])
        panel.grid(alpha=0.3)
    panels[0, 0].legend()
    figure.supylabel("microseconds")
    figure.savefig(path)


def main():
    """Draws into the file that is named."""
    times = {}
    with tempfile.TemporaryDirectory(prefix="rankbook-bench-") as folder:
        programs = Programs(ROOT / "build", folder)
        for ranks in map(int, sys.argv[2:]):
            rounds = [programs.round(ranks, SIZES) for _ in range(2)]
            times[ranks] = {name: [min(row[side][name] for row in rounds) for side in range(3)]
                            for name in rounds[0][0] if name != "Barrier"
                            and not name.startswith("loop")}
    draw(times, sys.argv[1])


if __name__ == "__main__":
    main()
