"""Generalized requests, where MPI would not notice a mistake."""
import gc
import sys

import pytest
from support import error_class

from mpi4py import MPI


def test_complete_only_once():
    request = MPI.Grequest.Start()
    copy = MPI.Grequest(request)
    request.complete("first")
    assert error_class(copy.complete, "second") == MPI.ERR_REQUEST
    assert copy.wait() == "first"
    assert error_class(request.Complete) == MPI.ERR_REQUEST


def test_every_copy_delivers_the_object():
    request = MPI.Grequest.Start()
    plain = MPI.Request(request)
    request.complete([1])
    assert plain.wait() == [1]


def test_callbacks_live_until_the_request_is_freed():
    calls = []
    request = MPI.Grequest.Start(None, lambda name: calls.append(name), args=["free"])
    gc.collect()
    request.Free()
    assert calls == []
    request.Complete()
    assert calls == ["free"]


def test_dropped_ones_leave_nothing():
    memory = []
    before = sys.getrefcount(memory)
    for _ in range(10):
        request = MPI.Grequest.Start(kwargs={"memory": memory})
        request.Complete()
        request.Wait()
        MPI.Grequest.Start(args=(memory,)).Free()
    del request
    assert sys.getrefcount(memory) <= before + 10  # ten were never completed


@pytest.mark.parametrize("arguments", [dict(args=3), dict(kwargs=3)])
def test_arguments_are_checked_at_once(arguments):
    with pytest.raises(TypeError):
        MPI.Grequest.Start(**arguments)


def test_an_interrupt_in_a_callback_comes_out():
    def query(status):
        raise KeyboardInterrupt

    request = MPI.Grequest.Start(query)
    request.Complete()
    with pytest.raises(KeyboardInterrupt):
        request.Wait()
