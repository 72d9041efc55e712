"""Rankbook against its peers, in one run: a table, and JSON for machines.

usage: bench.py [--build BUILD] [--out FILE] [--rounds N] [GROUP...]

Groups: build, start, cells, floods, faults, engines, memory, mpi, wait, node.  Every
figure of ours is set beside the peer's from the same run: rounds are interleaved, medians
compared, and the spread (the smallest and largest ratio of a round) is shown.  Peers live
in .venv-peers and .venv-openmpi.
"""

import argparse
import json
import math
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

from binding import bench_mpi, bench_size
from faults import bench_faults
from floods import FLOODS, timed
from node import bench_node
from peer import PEERS_PYTHON, ROOT, Engines, Peer
from waiting import bench_wait

IPYKERNEL = [str(PEERS_PYTHON), "-m", "ipykernel_launcher", "-f", "{connection_file}"]


class Table:
    """Rows of: what, ours, the peer's, ratio, its spread, the goal."""

    def __init__(self):
        self.rows = []

    def add(self, name, ours, theirs=None, goal=None, unit="ms"):
        """'ours' and 'theirs' are samples, paired by round; 'goal' is the largest
        ratio, or without a peer the largest value."""
        row = {"name": name, "unit": unit, "ours": statistics.median(ours), "goal": goal}
        value = row["ours"]
        if theirs:
            ratios = [a / b for a, b in zip(ours, theirs)]
            value = row["ours"] / statistics.median(theirs)
            row |= {"peer": statistics.median(theirs), "ratio": value,
                    "spread": [min(ratios), max(ratios)]}
        else:
            row["spread"] = [min(ours), max(ours)]
        row["met"] = None if goal is None else value <= goal
        self.append(row)

    def add_paired(self, name, ours, theirs, goal, unit):
        """Many rounds: the median of their ratios, with the 95 % interval that it lies in.
        What the interval has on both sides of the goal is no difference."""
        ratios = sorted(a / b for a, b in zip(ours, theirs))
        reach = 0.98 * len(ratios) ** 0.5
        low = ratios[max(0, int(len(ratios) / 2 - reach))]
        high = ratios[min(len(ratios) - 1, int(len(ratios) / 2 + reach))]
        self.append({"name": name, "unit": unit, "ours": statistics.median(ours),
                     "peer": statistics.median(theirs), "ratio": statistics.median(ratios),
                     "spread": [low, high], "goal": goal, "met": low <= goal})

    def add_worst(self, name, took, goal, unit="ms"):
        """What 99 of 100 keep below; the spread is from the median to the longest."""
        took = sorted(took)
        worst = took[math.ceil(0.99 * len(took)) - 1]
        self.append({"name": name, "unit": unit, "ours": worst, "goal": goal,
                     "spread": [statistics.median(took), took[-1]], "met": worst <= goal})

    def append(self, row):
        self.rows.append(row)
        print(self.line(row), flush=True)

    @staticmethod
    def line(row):
        peer = (f"{row['peer']:10.3f} {row['ratio']:8.2f}" if "peer" in row
                else f"{'':10} {'':8}")
        goal = "" if row["goal"] is None else f"<= {row['goal']:g}"
        met = {None: "", True: "met", False: "MISSED"}[row["met"]]
        spread = f"{row['spread'][0]:.2f}-{row['spread'][1]:.2f}"
        return (f"{row['name']:50} {row['unit']:>4} {row['ours']:10.3f} {peer}"
                f" {spread:>14} {goal:>8} {met}")

    HEAD = (f"{'':50} {'unit':>4} {'ours':>10} {'peer':>10} {'ratio':>8}"
            f" {'spread':>14} {'goal':>8}")


def kernels(build):
    rankbook = str(build / "bin/rankbook")
    argv = lambda ranks: [rankbook, "kernel", "-n", str(ranks), "-f", "{connection_file}"]
    return {"ipykernel": IPYKERNEL, "1 rank": argv(1), "4 ranks": argv(4)}


def bench_start(table, build, rounds):
    """From the start of the process to the first kernel_info, and first cell."""
    info, cell = {}, {}
    for turn in range(rounds + 1):
        for name, argv in kernels(build).items():
            peer = Peer(argv)
            peer.reply(peer.send("kernel_info_request", {}))
            known = time.perf_counter() - peer.begin
            peer.reply(peer.execute("1"))
            done = time.perf_counter() - peer.begin
            peer.stop()
            if turn:  # the first round warms the file cache
                info.setdefault(name, []).append(1e3 * known)
                cell.setdefault(name, []).append(1e3 * done)
    for name in ("1 rank", "4 ranks"):
        table.add(f"kernel_info after start, {name}", info[name], goal=50)
    table.add("start to first cell, 1 rank", cell["1 rank"], cell["ipykernel"], 0.6)
    table.add("start to first cell, 4 ranks", cell["4 ranks"], cell["ipykernel"], 1.0)


def whole(code):
    """A cell until its reply and its idle are here."""
    return lambda peer: timed(lambda: peer.run(code))


def first_output(peer):
    """From the request until the first text of the cell."""
    def call():
        nonlocal msg_id
        msg_id = peer.execute("print('x')")
        assert peer.published(msg_id, "stream", b"x")

    msg_id = None
    took = timed(call)
    peer.reply(msg_id)
    peer.idle(msg_id)
    return took


def interrupt(peer):
    """From the interrupt, the way a client sends it, until the reply of the cell."""
    def call():
        peer.interrupt()
        assert peer.reply(msg_id)["ename"] == "KeyboardInterrupt"

    msg_id = peer.execute("import time; print('asleep', flush=True); time.sleep(60)")
    assert peer.published(msg_id, "stream", b"asleep")
    took = timed(call)
    peer.idle(msg_id)
    return took


def complete(peer):
    """An attribute: names of modules take as long as the folders they lie in are large,
    which are not the same for both."""
    def call():
        msg_id = peer.send("complete_request", {"code": "os.pa", "cursor_pos": 5})
        peer.reply(msg_id)
        peer.idle(msg_id)

    return timed(call)


PRINTS = "for i in range(2000): print(i, flush=True)"
ERROR = "try:\n    1 / 0\nexcept ZeroDivisionError: pass"
CELLS = [
    # what, how, repetitions in a round, goal for 1 and for 4 ranks
    ("pass", whole("pass"), 50, (0.3, 0.5)),
    ("first output of a print", first_output, 20, (1, 1)),
    ("2000 flushed prints", whole(PRINTS), 1, (None, 1)),
    ("1 MB in one print", whole("print('x' * 1_000_000)"), 3, (1, 1)),
    ("an error", whole(ERROR), 20, (None, None)),
    ("completion", complete, 5, (1.2, 1.2)),
    ("interrupt of sleep", interrupt, 3, (1, 1)),
]


def bench_cells(table, build, rounds, rows=CELLS):
    """Round trips: reply and idle both received."""
    peers = {name: Peer(argv) for name, argv in kernels(build).items()}
    try:
        for peer in peers.values():
            peer.wait_started()
            for _ in range(20):
                peer.run("pass")
            peer.run("import os")
            complete(peer)
        for what, how, count, goals in rows:
            got = {name: [] for name in peers}
            for _ in range(rounds):
                for name, peer in peers.items():
                    got[name].append(statistics.median(how(peer) for _ in range(count)))
            for name, goal in zip(("1 rank", "4 ranks"), goals):
                table.add(f"{what}, {name}", got[name], got["ipykernel"], goal)
    finally:
        for peer in peers.values():
            peer.stop()


def bench_floods(table, build, rounds):
    """The peers' text is all sent; ours is cut, and the rest is in a file."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["XDG_STATE_HOME"] = folder
        bench_cells(table, build, rounds, FLOODS)
    del os.environ["XDG_STATE_HOME"]


def bench_engines(table, build, rounds):
    """Four ranks beside four MPI engines of ipyparallel."""
    start, cell = {"ours": [], "theirs": []}, {"ours": [], "theirs": []}
    for _ in range(max(1, rounds // 3)):
        engines = Engines(4)
        start["theirs"].append(engines.started)
        peer = Peer(kernels(build)["4 ranks"])
        peer.reply(peer.execute("pass"))
        start["ours"].append(1e3 * (time.perf_counter() - peer.begin))
        peer.wait_started()
        for _ in range(2):
            cell["theirs"].append(engines.execute("pass", 20))
            cell["ours"].append(statistics.median(whole("pass")(peer) for _ in range(20)))
        engines.stop()
        peer.stop()
    table.add("start of 4 ranks, beside ipyparallel", start["ours"], start["theirs"], 0.15)
    table.add("pass, 4 ranks, beside ipyparallel", cell["ours"], cell["theirs"], 0.15)


def pss(process):
    return process.memory_full_info().pss / 2**20


def bench_memory(table, build, rounds):
    """PSS after 'pass', and processor time in idle seconds."""
    theirs, ours, keeper, front, idle = [], [], [], [], []
    for _ in range(max(1, rounds // 3)):
        peer = Peer(IPYKERNEL)
        peer.wait_started()
        peer.run("pass")
        theirs.append(pss(peer.processes()[0]))
        peer.stop()
        peer = Peer(kernels(build)["4 ranks"])
        peer.wait_started()
        peer.run("pass")
        parts = {}
        for process in peer.processes():
            parts.setdefault(process.name()[:15], []).append(process)
        ours.append(statistics.median(map(pss, parts["rankbook-interp"])))
        keeper.append(max(map(pss, parts["rankbook-keeper"])))
        front.append(pss(parts["rankbook-front"][0]))
        ticks = lambda: sum(sum(p.cpu_times()[:2]) for p in peer.processes())
        begin, clock = ticks(), time.monotonic()
        time.sleep(3)  # what an idle kernel burns can only be seen by letting it idle
        idle.append(100 * (ticks() - begin) / (time.monotonic() - clock))
        peer.stop()
    table.add("memory (PSS) of an interpreter, of 4", ours, theirs, 1.0, "MiB")
    table.add("memory (PSS) of a keeper", keeper, goal=5, unit="MiB")
    table.add("memory (PSS) of the front", front, unit="MiB")
    table.add("processor while idle, all processes", idle, goal=0.5, unit="%")


def bench_build(table, build, rounds):
    """From clean, on two cores: first the binding, then the whole."""
    for target, name, goal in (("binding", "the binding", 45), ("all", "the whole", 60)):
        with tempfile.TemporaryDirectory() as folder:
            begin = time.monotonic()
            subprocess.run(["make", "-s", "-j2", f"BUILD={folder}", target], cwd=ROOT,
                           check=True, stdout=subprocess.DEVNULL)
            table.add(f"build of {name} from clean", [time.monotonic() - begin],
                      goal=goal, unit="s")
            if target == "binding":
                module, = pathlib.Path(folder).glob("lib/rankbook/python/mpi4py/MPI.*.so")
                bench_size(table, module, folder)


GROUPS = {"build": bench_build, "start": bench_start, "cells": bench_cells,
          "floods": bench_floods, "faults": bench_faults, "engines": bench_engines,
          "memory": bench_memory, "mpi": bench_mpi, "wait": bench_wait, "node": bench_node}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build")
    parser.add_argument("--out", type=pathlib.Path)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("groups", nargs="*")
    args = parser.parse_args()
    table = Table()
    print(table.HEAD)
    for name in args.groups or GROUPS:
        GROUPS[name](table, args.build.resolve(), args.rounds)
    if args.out:
        args.out.write_text(json.dumps(table.rows, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
