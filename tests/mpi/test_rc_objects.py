"""What mpi4py.rc says of objects' messages, on three ranks that nobody else uses."""
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / os.environ.get("BUILD", "build") / "lib/rankbook/python"
BIN = Path(sys.executable).parent
MPIEXEC = os.environ.get("MPIEXEC") or str(BIN / "mpiexec")

RECEIVE = """
from concurrent.futures import ThreadPoolExecutor
from mpi4py import MPI
comm = MPI.COMM_WORLD
right, left = (comm.rank + 1) % comm.size, comm.rank - 1 if comm.rank else comm.size - 1
with ThreadPoolExecutor(4) as pool:
    jobs = [pool.submit(comm.recv, None, left) for _ in range(40)]
    for idx in range(40):
        comm.send("x" * idx, right, idx)
    assert sorted(len(job.result(30)) for job in jobs) == list(range(40))
status = MPI.Status()
assert comm.sendrecv(comm.rank, right, 5, None, left, MPI.ANY_TAG, status) == left
assert (status.source, status.tag) == (left, 5)
assert comm.recv(source=MPI.PROC_NULL) is None
print("done")
"""

REDUCE = """
from mpi4py import MPI
comm = MPI.COMM_WORLD
rank, size = comm.rank, comm.size
words = [chr(ord("a") + idx) for idx in range(size)]
join = lambda x, y: x + y
for op in (MPI.SUM, join):
    assert comm.reduce(words[rank], op, 1) == ("".join(words) if rank == 1 else None)
    assert comm.allreduce(words[rank], op) == "".join(words)
    assert comm.scan(words[rank], op) == "".join(words[: rank + 1])
    assert comm.exscan(words[rank], op) == ("".join(words[:rank]) if rank else None)
assert comm.allreduce(rank, MPI.MAX) == size - 1
half = comm.Split(rank == 0)
inter = half.Create_intercomm(0, comm, 0 if rank else 1, 3)
assert inter.allreduce(1) == inter.remote_size
root = (MPI.PROC_NULL if rank > 1 else MPI.ROOT) if rank else 0
assert inter.reduce(7, root=root) == (7 if root == MPI.ROOT else None)
inter.Free()
half.Free()
try:
    comm.allreduce(rank, lambda x, y: 1 / 0)
except ZeroDivisionError:
    print("done")
"""


@pytest.mark.parametrize(
    "name, code",
    [
        ("MPI4PY_RC_RECV_MPROBE", RECEIVE),
        ("MPI4PY_RC_FAST_REDUCE", REDUCE),
    ],
)
@pytest.mark.parametrize("value", ["no", "yes"])
def test_option(name, value, code):
    done = subprocess.run(
        [MPIEXEC, "-n", "3", sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(PACKAGE), name: value},
        capture_output=True,
        text=True,
        timeout=120,
    )
    said = done.stdout.count("done")
    if (name, value) == ("MPI4PY_RC_FAST_REDUCE", "yes"):
        # Along the tree one rank computes; the others are told that it raised.
        assert said > 0, done.stderr
    else:
        assert (said, done.returncode) == (3, 0), done.stderr
