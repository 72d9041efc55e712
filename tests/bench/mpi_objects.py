"""Times objects between two ranks; rank 0 prints JSON of microseconds one way.

Of each array: the object, its results dropped or kept; the same by the methods of
mpi4py.util.pkl5, where they are; and the upper-case call, into memory that is there or
is made for each.
"""
import json
import sys
import time

from mpi4py import MPI
import numpy as np

try:
    from mpi4py.util import pkl5
except ImportError:
    pkl5 = None

comm = MPI.COMM_WORLD
other = 1 - comm.rank
KIB = [8, 64, 256, 1024, 16384, 65536]
BYTES = 64 << 20  # of all messages of a measurement, about


def both_ways(send, recv):
    if comm.rank == 0:
        send()
        return recv()
    got = recv()
    send()
    return got


def one_way(send, recv, count, keep=False):
    """The best of three, because whatever disturbs only adds."""
    best = float("inf")
    for _ in range(3):
        kept = []
        both_ways(send, recv)
        comm.Barrier()
        begin = time.perf_counter()
        for _ in range(count):
            got = both_ways(send, recv)
            if keep:
                kept.append(got)
        best = min(best, (time.perf_counter() - begin) / count / 2)
        del kept
    return 1e6 * best


def ways(array):
    space = np.empty_like(array)

    def recv_fresh():
        fresh = np.empty_like(array)
        comm.Recv(fresh, other)
        return fresh

    yield "Send/Recv", lambda: comm.Send(array, other), lambda: comm.Recv(space, other), False
    yield "Send/Recv, kept", lambda: comm.Send(array, other), recv_fresh, True
    yield "send/recv", lambda: comm.send(array, other), lambda: comm.recv(source=other), False
    yield ("send/recv, kept", lambda: comm.send(array, other),
           lambda: comm.recv(source=other), True)
    if pkl5:
        apart = pkl5.Intracomm(comm)
        yield ("pkl5", lambda: apart.send(array, other),
               lambda: apart.recv(source=other), False)


def main():
    result = {}
    for kib in KIB:
        array = np.ones(kib * 128)
        count = max(4, min(400, BYTES // array.nbytes))
        for name, send, recv, keep in ways(array):
            result[f"{name}, {kib} KiB"] = one_way(send, recv, count, keep)
    parts = {idx: np.ones(1 << 17) for idx in range(50)}
    whole = np.ones(50 << 17)
    space = np.empty_like(whole)
    result["dict of 50 arrays of 1 MiB"] = one_way(
        lambda: comm.send(parts, other), lambda: comm.recv(source=other), 4)
    result["Send/Recv of 50 MiB"] = one_way(
        lambda: comm.Send(whole, other), lambda: comm.Recv(space, other), 4)
    if comm.rank == 0:
        json.dump(result, sys.stdout)


main()
