"""Random faults under traffic: after each the kernel must answer, whole but for the dead.

usage: torture.py [--rounds N] [--seconds S] [--seed SEED] [--kernels N] [--ranks 2,3,4]
                  [--faults NAME,...]

A round sends a cell in which all ranks call MPI without end, lets one thing go wrong
at a random moment of it, and waits for the cell's end.  Then the next cell must give
the sums that the living ranks make together, with the variables they had.  Ranks that
died are not replaced: a kernel is used until two are left, and must leave no process
behind.  Several kernels at a time have their rounds beside one another, because most of
a round is waiting; what they leave behind is told apart.  The same seed gives the same
rounds, as far as the moments of other processes can be the same.

The last lines are how long it took from the fault to the next cell's answer, and
"N passed, N failed".  The exit status is 0 when nothing failed.
"""

import argparse
import concurrent.futures
import os
import pathlib
import queue
import random
import signal
import sys
import tempfile
import time
import traceback

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "kernel"))
from harness import Kernel, interpreters, wait_gone  # noqa: E402

LIMIT = 30  # seconds until something hangs

SETUP = """
from mpi4py import MPI
import ctypes, numpy as np, os, random, resource, signal, sys, time
me = MPI.COMM_WORLD.rank
kept = {'rank': me, 'array': np.full(1000, me)}

COLLECTIVES = 0, 2, 4, 6

class Deep:
    def __repr__(self): return repr([self])

def use_memory():
    used = int(open('/proc/self/statm').read().split()[0]) * 4096
    resource.setrlimit(resource.RLIMIT_AS, (used + (256 << 20), -1))
    try:
        bytearray(8 << 30)
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (-1, -1))

def fault(name):
    with open(FAULT_FILE, 'w') as file:
        file.write(repr(time.monotonic()))
    if name == 'raise':
        raise ValueError('a fault')
    elif name == 'exit':
        os._exit(3)
    elif name == 'abort':
        os.abort()
    elif name == 'segfault':
        ctypes.string_at(0)
    elif name == 'overflow':
        sys.setrecursionlimit(1 << 30)
        repr(Deep())
    elif name == 'memory':
        use_memory()
    elif name == 'MPI.Abort':
        MPI.COMM_WORLD.Abort(4)
    elif name == 'mismatch':
        MPI.COMM_WORLD.Scan(np.ones(7), np.ones(7))

def traffic(seed, victim=None, after=0, name=None):
    comm = MPI.COMM_WORLD
    rank, size = comm.rank, comm.size
    right, left = (rank + 1) % size, (rank - 1) % size
    draw, own = random.Random(seed), random.Random(seed + rank)
    big, other = np.ones(100000), np.empty(100000)
    print('begun', flush=True)
    count = 0
    while True:
        count += 1
        root, call = draw.randrange(size), draw.randrange(8)
        if me == victim and count >= after and (
                name != 'mismatch' or call in COLLECTIVES):
            fault(name)
        if call == 0:
            comm.Allreduce(big, other)
            assert other[0] == size
        elif call == 1:
            assert comm.sendrecv(rank, right, source=left) == left
        elif call == 2:
            assert comm.bcast([root] * 99 if rank == root else None, root)[5] == root
        elif call == 3:
            comm.Sendrecv(big, right, 3, other, left, 3)
        elif call == 4:
            comm.Barrier()
        elif call == 5:
            coming = comm.irecv(1 << 20, left, 9)
            going = comm.isend('x' * own.randrange(10, 200000), right, 9)
            coming.wait()
            going.wait()
        elif call == 6:
            assert comm.gather(rank, root) == (list(range(size)) if rank == root else None)
        else:
            sum(range(own.randrange(20000)))
"""

CHECK = """
comm = MPI.COMM_WORLD
well = kept['rank'] == me and (kept['array'] == me).all() and len(kept['array']) == 1000
right, left = (comm.rank + 1) % comm.size, (comm.rank - 1) % comm.size
(comm.allgather(me), bool(comm.allreduce(well, MPI.LAND)),
 comm.sendrecv(comm.rank, right, source=left) == left,
 float(comm.allreduce(np.ones(9)).sum()))
"""

# What goes wrong: the signal it is to the victim, or None, and whether that one dies.
OUTSIDE = {
    "stop": (None, False),
    "SIGKILL": (signal.SIGKILL, True),
    "SIGSEGV": (signal.SIGSEGV, True),
    "pause": (signal.SIGSTOP, False),
    "two": (signal.SIGKILL, True),
    "healing": (signal.SIGKILL, True),
}
# Another rank dies too: of the same, and as soon as the cell has ended.
TWICE = "two", "healing"
# The same of what the victim does itself.
INSIDE = {"raise": False, "exit": True, "abort": True, "segfault": True,
          "overflow": True, "memory": False, "MPI.Abort": False, "mismatch": False}


class Round:
    """One fault, drawn before anything happens."""

    def __init__(self, draw, living, faults):
        self.name = draw.choice(faults)
        self.victim, self.second = draw.sample(living, 2)
        self.seed = draw.randrange(1 << 30)
        self.moment = draw.random() * 0.2
        self.after = draw.randrange(1, 200)
        self.is_inside = self.name in INSIDE
        self.is_deadly = INSIDE[self.name] if self.is_inside else OUTSIDE[self.name][1]

        self.dead = {self.victim} if self.is_deadly else set()
        if self.name in TWICE:
            self.dead.add(self.second)

    def __str__(self):
        return f"{self.name} of rank {self.victim}"

    @property
    def code(self):
        more = f", {self.victim}, {self.after}, {self.name!r}" if self.is_inside else ""
        return f"traffic({self.seed}{more})"


class Victims:
    """A kernel whose ranks die one after the other."""

    def __init__(self, ranks, folder):
        self.file = os.path.join(folder, "fault")
        self.kernel = Kernel(ranks)
        self.living = list(range(ranks))
        self.processes = self.kernel.processes()
        done = self.kernel.run(f"FAULT_FILE = {self.file!r}\n{SETUP}", timeout=LIMIT)
        assert done.content["status"] == "ok", done.outputs
        self.pids = {rank: process.pid
                     for rank, process in interpreters(self.kernel).items()}

    def close(self):
        self.kernel.stop()
        left = wait_gone(self.processes)
        assert not left, left

    def tell(self):
        """What the ranks do, where a round has failed."""
        ask = self.kernel.client.session.msg("usage_request", {})
        self.kernel.client.control_channel.send(ask)
        try:
            reply = self.kernel.client.get_control_msg(timeout=LIMIT)
            for rank in reply["content"]["ranks"]:
                print(rank, flush=True)
        except queue.Empty:
            print("the front does not answer", flush=True)

    def stop(self):
        client = self.kernel.client
        message = client.session.msg("interrupt_request", {})
        client.control_channel.send(message)
        while (client.get_control_msg(timeout=LIMIT)["parent_header"]["msg_id"]
               != message["header"]["msg_id"]):
            pass

    def harm(self, plan):
        """From outside; returns when."""
        time.sleep(plan.moment)
        number = OUTSIDE[plan.name][0]
        begin = time.monotonic()
        if number:
            os.kill(self.pids[plan.victim], number)
        if plan.name == "two":
            os.kill(self.pids[plan.second], number)
        if plan.name == "pause":
            time.sleep(plan.moment)
            os.kill(self.pids[plan.victim], signal.SIGCONT)
        if not plan.is_deadly:
            begin = time.monotonic()
            self.stop()
        return begin

    def run(self, plan):
        """One round; returns the seconds from the fault to the next cell's answer."""
        cell = self.kernel.send(plan.code)
        if not plan.is_inside:
            self.kernel.wait_output(cell, "begun", LIMIT)
            begin = self.harm(plan)
        done = self.kernel.collect(cell, timeout=LIMIT)
        if plan.is_inside:
            begin = float(pathlib.Path(self.file).read_text())
        assert done.content["status"] == "error", done.content
        if plan.name == "healing":
            os.kill(self.pids[plan.second], signal.SIGKILL)
        self.check_error(plan, done)
        self.living = [rank for rank in self.living if rank not in plan.dead]
        if plan.name in TWICE:
            self.hear_of_death()
        self.check()
        return time.monotonic() - begin

    def check_error(self, plan, done):
        text = "\n".join([done.error["ename"], done.error["evalue"],
                          *done.error["traceback"]])
        cause = {"stop": "KeyboardInterrupt", "pause": "KeyboardInterrupt",
                 "raise": "a fault", "memory": "MemoryError", "mismatch": "Scan", "MPI.Abort": "Abort"}
        assert cause.get(plan.name, "RankDied") in text, text

    def hear_of_death(self):
        """The next cell fails when a rank died after the last one had ended."""
        done = self.kernel.run("MPI.COMM_WORLD.Barrier()", timeout=LIMIT)
        if done.content["status"] == "error":
            assert done.error["ename"] == "RankDied", done.error

    def check(self):
        if not self.living:
            return
        done = self.kernel.run(CHECK, timeout=LIMIT)
        want = str((self.living, True, True, 9.0 * len(self.living)))
        assert done.result == want, (want, done.content, done.outputs)


def histogram(seconds):
    """Lines of a table: how many rounds took how long, and the highest hundredth."""
    limits = [0.1, 0.2, 0.5, 1, 2, 3, 5, float("inf")]
    lines = [f"{'fault':10} {'rounds':>6} " + " ".join(
        f"{f'<{limit:g}s' if limit < 1e9 else 'more':>5}" for limit in limits) + "   p99"]
    for name, taken in sorted(seconds.items()):
        taken.sort()
        counts, low = [], 0
        for limit in limits:
            counts.append(sum(low <= second < limit for second in taken))
            low = limit
        lines.append(f"{name:10} {len(taken):6} "
                     + " ".join(f"{count:5}" for count in counts)
                     + f" {taken[int(0.99 * (len(taken) - 1))]:5.2f} s")
    return lines


class Rounds:
    """What came of them; they add up."""

    def __init__(self):
        self.seconds, self.failures, self.passed = {}, [], 0

    def __iadd__(self, other):
        for name, taken in other.seconds.items():
            self.seconds.setdefault(name, []).extend(taken)
        self.failures += other.failures
        self.passed += other.passed
        return self


def torture(args, share):
    """The rounds of one kernel after the other."""
    seed = f"{args.seed}.{share}"
    draw, rounds, victims = random.Random(seed), Rounds(), None
    end = time.monotonic() + args.seconds
    with tempfile.TemporaryDirectory() as folder:
        for number in range(share, args.rounds, args.kernels):
            if time.monotonic() > end:
                print(f"time is over before round {number}", flush=True)
                break
            plan = None
            try:
                victims = victims or Victims(draw.choice(args.ranks), folder)
                plan = Round(draw, victims.living, args.faults)
                taken = victims.run(plan)
                rounds.seconds.setdefault(plan.name, []).append(taken)
                rounds.passed += 1
                if len(victims.living) < 2 or draw.random() < 0.05:
                    used, victims = victims, None
                    used.close()
            except Exception:
                rounds.failures.append(f"round {number}, seed {seed}: {plan}")
                print(f"--- {rounds.failures[-1]}\n{traceback.format_exc()[-3000:]}",
                      flush=True)
                if victims:
                    victims.tell()
                    victims.kernel.manager.shutdown_kernel(now=True)
                victims = None
        if victims:
            victims.close()
    return rounds


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--seconds", type=float, default=1200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--faults", default=[*OUTSIDE, *INSIDE],
                        type=lambda text: text.split(","))
    parser.add_argument("--ranks", default=[2, 3, 4],
                        type=lambda text: [int(part) for part in text.split(",")])
    parser.add_argument("--kernels", type=int, default=2, help="at a time")
    args, total = parser.parse_args(), Rounds()
    with concurrent.futures.ProcessPoolExecutor(args.kernels) as pool:
        for rounds in pool.map(torture, [args] * args.kernels, range(args.kernels)):
            total += rounds
    print("\n".join([*histogram(total.seconds), *total.failures]))
    print(f"{total.passed} passed, {len(total.failures)} failed")
    return 1 if total.failures or not total.passed else 0


if __name__ == "__main__":
    sys.exit(main())
