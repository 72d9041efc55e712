"""Arguments that, when they are asked, free and change what the call is about to use."""
import weakref

import numpy
import pytest
from support import error_class

from mpi4py import MPI

SELF = MPI.COMM_SELF


class Acting:
    """The number 1, after it has done something."""

    def __init__(self, act):
        self.act = act

    def __index__(self):
        self.act()
        return 1


class Exporting:
    """Memory by DLPack, or the CUDA Array Interface."""

    def __init__(self, data, act):
        self.data, self.act = data, act
        self.__cuda_array_interface__ = {
            "version": 3,
            "typestr": "|u1",
            "data": (data.ctypes.data, False),
            "shape": (Acting(act), 1),
        }


class Capsule:
    def __init__(self, data, act):
        self.data, self.act = data, act
        self.__dlpack_device__ = data.__dlpack_device__

    def __dlpack__(self, **kwds):
        self.act()
        return self.data.__dlpack__(**kwds)


@pytest.fixture
def win():
    win = MPI.Win.Allocate(64, 1, comm=SELF)
    win.Lock(0)
    yield win
    if win:
        win.Unlock(0)
        win.Free()


def freeing(win):
    """Frees the window, once."""

    def act():
        if win:
            win.Unlock(0)
            win.Free()

    return Acting(act)


class Test_buffer:
    def test_value_that_releases_it(self):
        buf = MPI.buffer.allocate(8)
        with pytest.raises(IndexError):
            buf[3] = Acting(buf.release)
        buf = MPI.buffer.allocate(8)
        buf[0:4] = Acting(buf.release)
        assert buf.nbytes == 0

    def test_source_that_releases_it(self):
        buf = MPI.buffer.allocate(4096, True)
        buf[0:4] = Capsule(numpy.arange(4, dtype="u1"), buf.release)
        assert buf.nbytes == 0

    def test_interface_that_clears_itself(self):
        data = numpy.arange(1, dtype="u1")
        source = Exporting(data, lambda: source.__cuda_array_interface__.clear())
        assert MPI.buffer(source).nbytes == 1


class Test_window:
    def test_target_that_clears_itself(self, win):
        target = [Acting(lambda: target.clear()), 10**18, "B"]
        with pytest.raises((MPI.Exception, ValueError)):
            win.Put(bytearray(2), 0, target)
        target = [Acting(lambda: target.clear()), Acting(lambda: None)]
        win.Get(bytearray(1), 0, target)

    def test_target_that_frees_it(self, win):
        assert error_class(win.Put, b"1", 0, freeing(win)) == MPI.ERR_WIN
        assert error_class(win.Rput, b"1", 0, freeing(win)) == MPI.ERR_WIN

    @pytest.mark.parametrize("name", ["Fetch_and_op", "Compare_and_swap"])
    def test_origin_that_frees_it(self, win, name):
        one = [bytearray(1), freeing(win), "b"]
        others = [[bytearray(1), "b"]] * (1 if name == "Fetch_and_op" else 2)
        assert error_class(getattr(win, name), one, *others, 0) == MPI.ERR_WIN

    def test_memory_that_frees_it(self):
        win = MPI.Win.Create_dynamic(comm=SELF)
        memory = Capsule(numpy.zeros(8, "u1"), win.Free)
        assert error_class(win.Attach, memory) == MPI.ERR_WIN

        win = MPI.Win.Create_dynamic(comm=SELF)
        memory = Capsule(numpy.zeros(8, "u1"), win.Free)
        assert error_class(win.Detach, memory) == MPI.ERR_WIN


class Test_request:
    def requests(self):
        data = numpy.zeros(4, "u1")
        requests = [SELF.Irecv(data, 0, tag=7)]
        SELF.Send(numpy.arange(4, dtype="u1"), 0, tag=7)
        return requests, data

    @pytest.mark.parametrize("name", ["Waitall", "Waitsome", "waitall", "waitsome"])
    def test_statuses_that_clear_the_requests(self, name):
        requests, data = self.requests()
        request = weakref.ref(requests[0])

        def statuses():
            requests.clear()
            yield MPI.Status()

        if name.islower():
            requests[0] = MPI.Request(requests[0])
        getattr(MPI.Request, name)(requests, statuses())
        assert list(data) == [0, 1, 2, 3] and not requests and not request()


class Test_handle:
    def test_truth_that_raises(self):
        class Untrue(MPI.Info):
            def __bool__(self):
                raise ArithmeticError

        info = Untrue.Create()
        with pytest.raises(ArithmeticError):
            info.free()
        info.Free()

    @pytest.mark.parametrize("args", [(3, None), (3, ""), ((), 3), (None, [1])])
    def test_wrong_arguments_of_callbacks(self, args):
        with pytest.raises(TypeError):
            MPI.Grequest.Start(None, None, None, *args)

    def test_freeing_fortran_types(self):
        """MPI keeps them; at the end it would free them once more."""
        for _ in range(3):
            for datatype in (
                MPI.Datatype.Create_f90_integer(4),
                MPI.Datatype.Create_f90_real(5, 5),
                MPI.Datatype.Create_f90_complex(5, 5),
            ):
                assert datatype.is_predefined and datatype.Get_size() > 0
                datatype.Free()
                assert datatype == MPI.DATATYPE_NULL

    def test_no_factors_of_nothing(self):
        assert error_class(MPI.Compute_dims, 0, 2) == MPI.ERR_ARG
        assert MPI.Compute_dims(0, [0]) == [0]

    def test_operands_of_negative_extent(self):
        datatype = MPI.BYTE.Create_resized(0, -8).Commit()
        seen = []
        op = MPI.Op.Create(lambda x, y, _: seen.extend((x.nbytes, bytes(y))))
        op.Reduce_local([bytearray(64), 2, datatype], [bytearray(64), 2, datatype])
        op.Free()
        datatype.Free()
        assert set(seen) == {0, b""}

    @pytest.mark.parametrize("call", [lambda: MPI.File.Open(SELF, ""), lambda: MPI.File.Delete("")])
    def test_files_without_a_name(self, call):
        assert error_class(call) == MPI.ERR_NO_SUCH_FILE
