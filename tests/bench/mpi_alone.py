"""Times calls that wait for nobody, of whatever mpi4py is there: JSON of nanoseconds.

One rank.  What is printed for a call is its time less that of an empty function, the
smallest of many short measurements; mpi_in_c.c prints the same of MPI's own calls.
"""

import json
import sys
import time

from mpi4py import MPI
import numpy as np

REPEATS, COUNT = 25, 2000
NULL = MPI.PROC_NULL
comm = MPI.COMM_SELF
a, b = np.arange(4.0), np.zeros(4)
# Written once: what a caller pays for making a list is not the binding's.
A, B = [a, MPI.DOUBLE], [b, MPI.DOUBLE]
A4, B4 = [a, 4, MPI.DOUBLE], [b, 4, MPI.DOUBLE]


def calls_of_messages():
    """(what it is, name of the C call, function)"""
    for kind, out, to in (("ndarray", a, b), ("[buf, type]", A, B),
                          ("[buf, count, type]", A4, B4)):
        def isend_recv(out=out, to=to):
            request = comm.Isend(out, 0)
            comm.Recv(to, 0)
            request.Wait()

        yield kind, "Send to PROC_NULL", lambda out=out: comm.Send(out, NULL)
        yield kind, "Recv from PROC_NULL", lambda to=to: comm.Recv(to, NULL)
        yield (kind, "Isend to PROC_NULL, Wait",
               lambda out=out: comm.Isend(out, NULL).Wait())
        yield kind, "Sendrecv", lambda out=out, to=to: comm.Sendrecv(out, 0, 0, to, 0, 0)
        yield kind, "Isend, Recv, Wait", isend_recv
        yield kind, "Bcast", lambda out=out: comm.Bcast(out, 0)
        yield kind, "Allreduce", lambda out=out, to=to: comm.Allreduce(out, to)


def calls_of_windows(win):
    for kind, out, to in (("ndarray", a, b), ("[buf, type]", A, B)):
        yield kind, "Put", lambda out=out: win.Put(out, 0)
        yield kind, "Get", lambda to=to: win.Get(to, 0)


def measure(call):
    best = 1e9
    for _ in range(REPEATS):
        begin = time.perf_counter()
        for _ in range(COUNT):
            call()
        best = min(best, time.perf_counter() - begin)
    return 1e9 * best / COUNT


def main():
    # More than once: it is subtracted everywhere.
    empty = min(measure(lambda: None) for _ in range(5))
    result = {}
    for name, call in (("Get_rank", lambda: comm.Get_rank()),
                       ("Barrier", lambda: comm.Barrier()),
                       ("Iprobe", lambda: comm.Iprobe(0, 0))):
        result[name] = measure(call) - empty
    for kind, name, call in calls_of_messages():
        result[f"{name}: {kind}"] = measure(call) - empty
    if hasattr(MPI.Win, "Put"):
        win = MPI.Win.Allocate(32, 8, comm=comm)
        win.Lock(0)
        for kind, name, call in calls_of_windows(win):
            result[f"{name}: {kind}"] = measure(call) - empty
            win.Flush(0)
        win.Unlock(0)
        win.Free()
    json.dump(result, sys.stdout)


main()
