"""Threads, where mpi4py waits for other ranks with the interpreter locked."""
import threading


def test_the_first_reduction_waits_without_the_lock(comm):
    """Rank 0 comes when the other ranks' second threads have talked to it at length."""
    talk, turns = comm.Dup(), 200

    def answer():
        for turn in range(turns):
            assert talk.recv(source=0) == turn
            talk.send(turn, dest=0)

    if comm.rank == 0:
        for turn in range(turns):
            for rank in range(1, comm.size):
                talk.send(turn, dest=rank)
                assert talk.recv(source=rank) == turn
        assert comm.allreduce(1) == comm.size
    else:
        thread = threading.Thread(target=answer)
        thread.start()
        assert comm.allreduce(1) == comm.size
        thread.join()
    talk.Free()


def test_collectives_of_two_threads_do_not_mix(comm):
    """Each is one step for the others: by the communicator's lock."""
    if comm.size > 1:
        return  # the order among ranks is the program's business
    errors = []

    def work(value):
        for _ in range(50):
            if comm.bcast([value]) != [value] or comm.allgather(value) != [value]:
                errors.append(value)
            if comm.allreduce(value) != value or comm.scan(value) != value:
                errors.append(value)

    threads = [threading.Thread(target=work, args=(v,)) for v in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
