"""mpi4py as it comes from PyPI, with libmpiwait preloaded.

A thread is the keeper: it waits until the main thread is inside MPI (which lets
the GIL go) and interrupts it, again and again, as the call may not yet wait.
"""

import array
import ctypes
import threading

from mpi4py import MPI

wait = ctypes.CDLL(None)
comm = MPI.COMM_WORLD


def interrupted(call):
    """Calls it under interrupts; True when it ended by one of them."""
    over = threading.Event()

    def keep():
        while not over.wait(0.01):
            wait.mpiwait_interrupt()

    keeper = threading.Thread(target=keep)
    keeper.start()
    try:
        call()
    except MPI.Exception as error:
        return error.Get_error_class() == wait.mpiwait_error_class()
    finally:
        over.set()
        keeper.join()
    return False


comm.Barrier()
assert comm.allreduce(1) == comm.size
assert comm.allgather(comm.rank) == list(range(comm.size))
if comm.rank == 0:
    assert interrupted(lambda: comm.recv(tag=3))
    if comm.size > 1:
        assert interrupted(comm.Barrier)
assert wait.mpiwait_heal(ctypes.c_uint64(0)) == 0
assert comm.bcast(comm.rank, root=0) == 0
# Functions of Python's that MPI calls while a call of the layer's thread is in progress.
def add(inbuf, inout, _):
    ours, theirs = memoryview(inout).cast("i"), memoryview(inbuf).cast("i")
    ours[0] += theirs[0]


op = MPI.Op.Create(add, commute=True)
one, total = array.array("i", [1]), array.array("i", [0])
for _ in range(20):
    total[0] = 0
    request = comm.Iallreduce(one, total, op)
    half = comm.Split(comm.rank % 2)
    win = MPI.Win.Allocate(8, comm=comm)
    win.Fence()
    request.Wait()
    assert total[0] == comm.size
    win.Free()
    half.Free()
copied, deleted = [], []
key = MPI.Comm.Create_keyval(lambda comm, key, value: copied.append(value) or value,
                             lambda comm, key, value: deleted.append(value))
world = comm.Dup()
world.Set_attr(key, "value")
world.Dup().Free()
world.Split().Free()
world.Free()
assert copied == ["value"] and deleted == ["value"] * 2, (copied, deleted)
comm.Barrier()
print("fine", flush=True)
