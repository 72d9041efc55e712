"""The package mpi4py, its options, and the functions of the module."""
import ast
import inspect
import os
import re
import sys

import mpi4py
import pytest

from mpi4py import MPI

# Names, arguments and defaults of the surface.  Values of defaults that are MPI's
# stand by name.
SURFACE = """
Comm.Send(self, buf, dest, tag=0)
Comm.Ssend(self, buf, dest, tag=0)
Comm.Bsend(self, buf, dest, tag=0)
Comm.Rsend(self, buf, dest, tag=0)
Comm.Isend(self, buf, dest, tag=0)
Comm.Issend(self, buf, dest, tag=0)
Comm.Irecv(self, buf, source=ANY_SOURCE, tag=ANY_TAG)
Comm.Recv(self, buf, source=ANY_SOURCE, tag=ANY_TAG, status=None)
Comm.Sendrecv(self, sendbuf, dest, sendtag=0, recvbuf=None, source=ANY_SOURCE, recvtag=ANY_TAG, status=None)
Comm.Probe(self, source=ANY_SOURCE, tag=ANY_TAG, status=None)
Comm.Iprobe(self, source=ANY_SOURCE, tag=ANY_TAG, status=None)
Comm.Mprobe(self, source=ANY_SOURCE, tag=ANY_TAG, status=None)
Comm.Improbe(self, source=ANY_SOURCE, tag=ANY_TAG, status=None)
Comm.Barrier(self)
Comm.Bcast(self, buf, root=0)
Comm.Gather(self, sendbuf, recvbuf, root=0)
Comm.Gatherv(self, sendbuf, recvbuf, root=0)
Comm.Scatter(self, sendbuf, recvbuf, root=0)
Comm.Scatterv(self, sendbuf, recvbuf, root=0)
Comm.Allgather(self, sendbuf, recvbuf)
Comm.Allgatherv(self, sendbuf, recvbuf)
Comm.Alltoall(self, sendbuf, recvbuf)
Comm.Alltoallv(self, sendbuf, recvbuf)
Comm.Reduce(self, sendbuf, recvbuf, op=SUM, root=0)
Comm.Allreduce(self, sendbuf, recvbuf, op=SUM)
Intracomm.Scan(self, sendbuf, recvbuf, op=SUM)
Intracomm.Exscan(self, sendbuf, recvbuf, op=SUM)
Comm.Dup(self, info=None)
Comm.Split(self, color=0, key=0)
Comm.Free(self)
Comm.send(self, obj, dest, tag=0)
Comm.bsend(self, obj, dest, tag=0)
Comm.ssend(self, obj, dest, tag=0)
Comm.recv(self, buf=None, source=ANY_SOURCE, tag=ANY_TAG, status=None)
Comm.sendrecv(self, sendobj, dest, sendtag=0, recvbuf=None, source=ANY_SOURCE, recvtag=ANY_TAG, status=None)
Comm.isend(self, obj, dest, tag=0)
Comm.ibsend(self, obj, dest, tag=0)
Comm.issend(self, obj, dest, tag=0)
Comm.irecv(self, buf=None, source=ANY_SOURCE, tag=ANY_TAG)
Comm.probe(self, source=ANY_SOURCE, tag=ANY_TAG, status=None)
Comm.iprobe(self, source=ANY_SOURCE, tag=ANY_TAG, status=None)
Comm.mprobe(self, source=ANY_SOURCE, tag=ANY_TAG, status=None)
Comm.improbe(self, source=ANY_SOURCE, tag=ANY_TAG, status=None)
Comm.barrier(self)
Comm.bcast(self, obj, root=0)
Comm.gather(self, sendobj, root=0)
Comm.scatter(self, sendobj, root=0)
Comm.allgather(self, sendobj)
Comm.alltoall(self, sendobj)
Comm.reduce(self, sendobj, op=SUM, root=0)
Comm.allreduce(self, sendobj, op=SUM)
Intracomm.scan(self, sendobj, op=SUM)
Intracomm.exscan(self, sendobj, op=SUM)
Message.Recv(self, buf, status=None)
Message.Irecv(self, buf)
Message.Probe(cls, comm, source=ANY_SOURCE, tag=ANY_TAG, status=None)
Message.probe(cls, comm, source=ANY_SOURCE, tag=ANY_TAG, status=None)
Message.iprobe(cls, comm, source=ANY_SOURCE, tag=ANY_TAG, status=None)
Message.recv(self, status=None)
Message.irecv(self)
Request.Wait(self, status=None)
Request.Test(self, status=None)
Request.Waitany(cls, requests, status=None)
Request.Testany(cls, requests, status=None)
Request.Waitall(cls, requests, statuses=None)
Request.Testall(cls, requests, statuses=None)
Request.Waitsome(cls, requests, statuses=None)
Request.Testsome(cls, requests, statuses=None)
Request.Get_status(self, status=None)
Request.Cancel(self)
Request.wait(self, status=None)
Request.test(self, status=None)
Request.waitany(cls, requests, status=None)
Request.testany(cls, requests, status=None)
Request.waitall(cls, requests, statuses=None)
Request.testall(cls, requests, statuses=None)
Request.waitsome(cls, requests, statuses=None)
Request.testsome(cls, requests, statuses=None)
Request.get_status(self, status=None)
Request.get_status_any(cls, requests, status=None)
Request.get_status_all(cls, requests, statuses=None)
Request.get_status_some(cls, requests, statuses=None)
Request.cancel(self)
Status.Get_count(self, datatype=BYTE)
Pickle.dumps(self, obj)
Pickle.loads(self, data)
Pickle.dumps_oob(self, obj)
Pickle.loads_oob(self, data, buffers)
Op.Create(cls, function, commute=False)
Op.Free(self)
"""


def shape(signature):
    """'(self, a: T = 1)' -> [('self', None), ('a', '1')]."""
    args = ast.parse(f"def f{signature}: ...").body[0].args
    defaults = [None] * (len(args.args) - len(args.defaults)) + args.defaults
    return [(a.arg, d and ast.unparse(d)) for a, d in zip(args.args, defaults)]


@pytest.mark.parametrize("line", SURFACE.split("\n")[1:-1])
def test_signatures(line):
    owner, name, arguments = re.match(r"(\w+)\.(\w+)(\(.*)", line).groups()
    method = getattr(getattr(MPI, owner), name)
    assert callable(method)
    first = method.__doc__.strip().splitlines()[0]
    assert first.startswith(name + "(")
    assert shape(first[len(name) :]) == shape(arguments)


def test_documentation():
    """A signature, an empty line, a sentence."""
    for line in SURFACE.split("\n")[1:-1]:
        owner, name = re.match(r"(\w+)\.(\w+)", line).groups()
        lines = inspect.cleandoc(getattr(getattr(MPI, owner), name).__doc__).splitlines()
        assert lines[1] == "" and lines[2].endswith(".")


def test_package():
    assert mpi4py.__version__.startswith("4.")
    assert os.path.isdir(mpi4py.get_include()) or mpi4py.get_include()
    assert isinstance(mpi4py.get_config(), dict)
    assert MPI.__name__ == "mpi4py.MPI"
    assert os.path.dirname(MPI.__file__) == os.path.dirname(mpi4py.__file__)
    assert sys.modules["mpi4py.rc"] is mpi4py.rc


def test_rc():
    rc = mpi4py.rc
    for name in (
        "initialize",
        "threads",
        "thread_level",
        "finalize",
        "fast_reduce",
        "recv_mprobe",
        "irecv_bufsz",
        "errors",
    ):
        assert hasattr(rc, name)
    assert rc.irecv_bufsz == 32768
    with pytest.raises(TypeError):
        rc.nonsense = 1
    with pytest.raises(TypeError):
        rc(nonsense=1)


def test_initialised():
    assert MPI.Is_initialized() is True
    assert MPI.Is_finalized() is False


def test_time():
    first, second = MPI.Wtime(), MPI.Wtime()
    assert isinstance(first, float) and second >= first
    assert 0 < MPI.Wtick() < 1


def test_versions():
    version = MPI.Get_version()
    assert version >= (4, 0) and isinstance(MPI.VERSION, int)
    assert "MPICH" in MPI.Get_library_version()
    assert MPI.Get_processor_name()
    name, numbers = MPI.get_vendor()
    assert name == "MPICH" and len(numbers) == 3


def test_environment_of_a_script():
    size = MPI.COMM_WORLD.size
    assert size == int(os.environ.get("PMI_SIZE", size))
    assert MPI.COMM_WORLD.rank == int(os.environ.get("PMI_RANK", "0"))


def test_compute_dims():
    assert MPI.Compute_dims(12, 2) == [4, 3]
    assert MPI.Compute_dims(6, [0, 2]) == [3, 2]


def test_constants():
    for name in (
        "ANY_SOURCE ANY_TAG PROC_NULL ROOT UNDEFINED TAG_UB SUCCESS IDENT CONGRUENT SIMILAR"
        " UNEQUAL THREAD_SINGLE THREAD_FUNNELED THREAD_SERIALIZED THREAD_MULTIPLE"
    ).split():
        assert isinstance(getattr(MPI, name), int)
    assert repr(MPI.IN_PLACE).endswith("IN_PLACE") and repr(MPI.BOTTOM).endswith("BOTTOM")
