"""Times some calls of whatever mpi4py is there; rank 0 prints JSON of microseconds."""

import json
import sys
import time

from mpi4py import MPI
import numpy as np

comm = MPI.COMM_WORLD
rank, size = comm.rank, comm.size
small = {"step": 7, "name": "halo"}
one, eight, out = np.zeros(1), np.zeros(1), np.zeros(1)
mebi = np.zeros(2**17)
space = np.empty_like(mebi)


def pingpong(send, recv):
    """Half a round trip between ranks 0 and 1; the others wait in the barrier."""
    def call():
        if rank == 0:
            send(1)
            recv(1)
        elif rank == 1:
            recv(0)
            send(0)
    return call


CALLS = {
    "Barrier": (comm.Barrier, 1, 5000),
    "Allreduce 8 B": (lambda: comm.Allreduce(one, out), 1, 3000),
    "allreduce(int)": (lambda: comm.allreduce(1), 1, 2000),
    "bcast(small dict)": (lambda: comm.bcast(small), 1, 2000),
    "Send/Recv 8 B": (pingpong(lambda r: comm.Send(eight, r),
                               lambda r: comm.Recv(out, r)), 2, 2000),
    "Send/Recv 1 MiB": (pingpong(lambda r: comm.Send(mebi, r),
                                 lambda r: comm.Recv(space, r)), 2, 200),
    "send/recv int": (pingpong(lambda r: comm.send(7, r),
                               lambda r: comm.recv(source=r)), 2, 2000),
    "send/recv small dict": (pingpong(lambda r: comm.send(small, r),
                                      lambda r: comm.recv(source=r)), 2, 1000),
    "send/recv 1 MiB array": (pingpong(lambda r: comm.send(mebi, r),
                                       lambda r: comm.recv(source=r)), 2, 100),
}


def main():
    result = {}
    for name, (call, halves, count) in CALLS.items():
        for _ in range(count // 10):
            call()
        comm.Barrier()
        begin = time.perf_counter()
        for _ in range(count):
            call()
        result[name] = 1e6 * (time.perf_counter() - begin) / count / halves
        comm.Barrier()
    if rank == 0:
        json.dump(result, sys.stdout)


main()
