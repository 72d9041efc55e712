"""The locks of a communicator, for those who make collectives in Python."""
import threading

from mpi4py import MPI


def test_one_lock_for_each_name(comm):
    lock = MPI._comm_lock(comm, "mine")
    assert isinstance(lock, type(threading.Lock()))
    assert MPI._comm_lock(comm, "mine") is lock
    assert MPI._comm_lock(comm) is not lock
    assert MPI._comm_lock_table(comm)["mine"] is lock
    other = comm.Dup()
    assert MPI._comm_lock_table(other) == {}
    other.Free()


def test_collectives_take_the_lock_of_their_name(comm):
    lock = MPI._comm_lock(comm, "allgather")
    done = []
    thread = threading.Thread(target=lambda: done.append(comm.allgather(1)))
    with lock:
        thread.start()
        assert comm.bcast("other") == "other"
        assert not done
    thread.join()
    assert done == [[1] * comm.size]
    assert not lock.locked()
