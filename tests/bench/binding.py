"""The binding beside the mpi4py wheel, and beside C, on the same MPI: bench.py's group mpi.

Every figure comes from a process of its own, and the processes take turns.  Overhead is
what a call costs above the same call in C: the C program's figure is subtracted from
both sides, so that what is compared is the binding alone.
"""

import json
import os
import pathlib
import subprocess
import tempfile

from peer import ROOT

HERE = pathlib.Path(__file__).resolve().parent
OURS, PEERS = ROOT / ".venv" / "bin", ROOT / ".venv-peers" / "bin"

IMPORT = """
import time, mpi4py
mpi4py.rc.initialize = False
begin = time.perf_counter()
from mpi4py import MPI
print(1e3 * (time.perf_counter() - begin))
"""

LARGEST_RATIO = {"Get_rank": 1.0, "Barrier": 1.0, "Iprobe": 1.0}  # all others 0.6


def output(argv, path=""):
    return subprocess.run(
        list(map(str, argv)), text=True, timeout=300, check=True,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(path)},
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE).stdout


class Sides:
    """Runs the same on ours, on theirs and in C, by turns."""

    def __init__(self, build, folder):
        self.path = build / "lib/rankbook/python"
        self.program = pathlib.Path(folder) / "mpi_in_c"
        subprocess.run([str(OURS / "mpicc"), "-O2", "-o", str(self.program),
                        str(HERE / "mpi_in_c.c")], check=True)

    def round(self, script, ranks, with_c):
        run = lambda where, *program, path="": json.loads(
            output([where / "mpiexec", "-n", ranks, *program], path))
        return {"ours": run(OURS, OURS / "python", HERE / script, path=self.path),
                "theirs": run(PEERS, PEERS / "python", HERE / script),
                "c": run(OURS, self.program) if with_c else None}

    def rounds(self, script, ranks, count, with_c=True):
        return [self.round(script, ranks, with_c) for _ in range(count)]


def bench_alone(table, sides, count):
    rounds = sides.rounds("mpi_alone.py", 1, count)
    for name in rounds[0]["ours"]:
        call = name.partition(":")[0]
        above = {side: [r[side][name] - r["c"][call] for r in rounds]
                 for side in ("ours", "theirs")}
        table.add(f"above C, {name}", above["ours"], above["theirs"],
                  LARGEST_RATIO.get(call, 0.6), "ns")


def bench_pair(table, sides, count):
    rounds = sides.rounds("mpi_pair.py", 2, count)
    times = lambda side, size: [r[side][size] for r in rounds]
    table.add("8 B one way", times("ours", "8"), times("theirs", "8"), 0.4, "us")
    table.add("8 B one way, beside C", times("ours", "8"), times("c", "8"), 0.6, "us")
    for size in rounds[0]["c"]:
        if size != "8":
            table.add(f"{int(size) >> 10} KiB one way, beside C", times("ours", size),
                      times("c", size), 1 / 0.98, "us")


def bench_import(table, sides, count):
    ours, theirs = [], []
    for _ in range(count):
        ours.append(float(output([OURS / "python", "-c", IMPORT], sides.path)))
        theirs.append(float(output([PEERS / "python", "-c", IMPORT])))
    table.add("import MPI, nothing initialised", ours, theirs, 0.5)


CALL_GOALS = {"send/recv int": 0.6, "send/recv small dict": 0.8}


def bench_calls(table, sides, count):
    for ranks in (2, 4):
        rounds = sides.rounds("mpi_calls.py", ranks, count, with_c=False)
        for name in rounds[0]["ours"]:
            table.add(f"{name}, {ranks} ranks", [r["ours"][name] for r in rounds],
                      [r["theirs"][name] for r in rounds], CALL_GOALS.get(name), "us")


# Bandwidth of objects beside that of the upper-case call, at least.
OBJECT_GOALS = {64: 0.6, 256: 0.8, 1024: 0.95, 16384: 0.95, 65536: 0.95}


def bench_objects(table, sides, count):
    rounds = sides.rounds("mpi_objects.py", 2, count, with_c=False)
    ours = lambda name: [r["ours"][name] for r in rounds]
    theirs = lambda name: [r["theirs"][name] for r in rounds]
    for kib, goal in OBJECT_GOALS.items():
        for kept in ("", ", kept"):
            table.add(f"send/recv{kept}, {kib} KiB, beside Send/Recv{kept}",
                      ours(f"send/recv{kept}, {kib} KiB"),
                      ours(f"Send/Recv{kept}, {kib} KiB"),
                      1 / (0.95 if kept else goal), "us")
        table.add(f"send/recv, {kib} KiB", ours(f"send/recv, {kib} KiB"),
                  theirs(f"send/recv, {kib} KiB"), 1 / 15 if kib > 1024 else None, "us")
        table.add(f"send/recv, {kib} KiB, beside pkl5", ours(f"send/recv, {kib} KiB"),
                  theirs(f"pkl5, {kib} KiB"), 1 / 4 if kib >= 64 else 1, "us")
    table.add("dict of 50 arrays of 1 MiB, beside one Send", ours("dict of 50 arrays of 1 MiB"),
              ours("Send/Recv of 50 MiB"), 1 / 0.9, "us")


def bench_mpi(table, build, rounds):
    with tempfile.TemporaryDirectory() as folder:
        sides = Sides(build, folder)
        bench_alone(table, sides, rounds)
        bench_pair(table, sides, rounds)
        bench_import(table, sides, 3 * rounds)
        bench_calls(table, sides, max(3, rounds // 2))
        bench_objects(table, sides, max(3, rounds // 2))


def bench_size(table, module, folder):
    """What users load: without the symbols for a debugger."""
    stripped = os.path.join(folder, "stripped.so")
    subprocess.run(["strip", "-o", stripped, str(module)], check=True)
    table.add("the binding, stripped", [os.path.getsize(stripped) / 1e6], goal=1.5,
              unit="MB")
