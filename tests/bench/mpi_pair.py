"""Times messages between two ranks, of whatever mpi4py is there.

Rank 0 prints JSON: bytes -> microseconds for one way, the smallest of many short
measurements; mpi_in_c.c prints the same of MPI's own blocking calls.
"""

import json
import sys
import time

from mpi4py import MPI
import numpy as np

REPEATS = 25
comm = MPI.COMM_WORLD
rank = comm.rank


def trips(out, to, count):
    send, recv, other = comm.Send, comm.Recv, 1 - rank
    begin = time.perf_counter()
    if rank == 0:
        for _ in range(count):
            send(out, other, 0)
            recv(to, other, 0)
    else:
        for _ in range(count):
            recv(to, other, 0)
            send(out, other, 0)
    return time.perf_counter() - begin


def main():
    result = {}
    for size in (8, *(65536 * 4**i for i in range(6))):
        count = 500 if size == 8 else 10 if size < 4 << 20 else 1
        out, to = np.ones(size, "B"), np.ones(size, "B")
        best = 1e9
        for _ in range(REPEATS):
            comm.Barrier()
            best = min(best, trips(out, to, count))
        result[size] = 1e6 * best / count / 2
    if rank == 0:
        json.dump(result, sys.stdout)


main()
