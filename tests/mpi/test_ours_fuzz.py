"""Random arguments: whatever is wrong raises, nothing is kept, nobody dies.

RANKBOOK_FUZZ_SECONDS runs each test for so long instead of a few hundred rounds, and
RANKBOOK_FUZZ_SEED begins elsewhere; a failure names the seed of its round, and
RANKBOOK_FUZZ_LAST a file that has the last one.
"""

import array
import gc
import os
import pathlib
import random
import time
import warnings

import numpy
import pytest
from mpi4py import MPI

SELF = MPI.COMM_SELF
SECONDS = float(os.environ.get("RANKBOOK_FUZZ_SECONDS", 0))
SEED = int(os.environ.get("RANKBOOK_FUZZ_SEED", 1))
LAST = os.environ.get("RANKBOOK_FUZZ_LAST")
ROUNDS = 150


class Evil(Exception):
    """What our own bad objects raise."""


REFUSALS = (TypeError, ValueError, LookupError, BufferError, OverflowError,
            NotImplementedError, AttributeError, RuntimeWarning, MPI.Exception, Evil)
INTEGERS = [0, 0, 1, 1, 2, 3, 4, 8, 16, -1, -2, -2**31, 2**31 - 1, 2**31, 2**62,
            2**63 - 1, -2**63, 2**63, 2**70]
BASIC = [MPI.BYTE, MPI.CHAR, MPI.INT, MPI.LONG, MPI.DOUBLE, MPI.C_BOOL, MPI.FLOAT,
         MPI.UINT16_T, MPI.C_DOUBLE_COMPLEX, MPI.LONG_DOUBLE, MPI.INTEGER]
DERIVED = [MPI.INT.Create_contiguous(2).Commit(), MPI.INT.Create_vector(2, 1, 2).Commit()]
WRONG_TYPES = [MPI.DATATYPE_NULL, MPI.Datatype(), None, 3,
               "", "\0", "zz", "i\0", ">i", "\udc80", b"i", MPI.INT_INT, MPI.SUM, object]


LISTS = []  # of the message that is being read


def spoil():
    for victim in LISTS:
        victim.clear()


class Changing:
    """An integer that empties the list in which it stands."""

    def __init__(self, rng):
        self.rng = rng

    def __index__(self):
        spoil()
        return self.rng.choice((0, 1, 2))


class Raising:
    def __index__(self):
        raise Evil("index")

    __len__ = __iter__ = __getitem__ = __index__


class Capsule:
    """A DLPack producer that may change its mind at every step."""

    def __init__(self, rng, data):
        self.rng, self.data = rng, data

    def __dlpack_device__(self):
        device = self.data.__dlpack_device__()
        return self.rng.choice([device] * 8 + [None, (1,), (1, 0, 0), ("x", 0), (-1, 0)])

    def __dlpack__(self, **kwds):
        if self.rng.random() < 0.3:
            spoil()
        if self.rng.random() < 0.1:
            raise self.rng.choice((TypeError, BufferError, Evil))("capsule")
        if self.rng.random() < 0.1:
            return self.rng.choice((None, 3, self, MPI.__dict__))
        return self.data.__dlpack__(**kwds)


class Interface:
    """An object with a CUDA Array Interface, on memory of the CPU, mostly right."""

    def __init__(self, rng, data):
        self.data = data
        self.interface = {
            "version": 3, "typestr": data.dtype.str, "shape": data.shape,
            "data": (data.ctypes.data, not data.flags.writeable)}
        if rng.random() < 0.1:  # a wrong address cannot be told from a right one
            self.interface["data"] = rng.choice(
                (None, 3, "", (), (0,), ("x", 0), (1.5, 0), (0, False), (None, False), [1, 2]))
        for key in ("typestr", "shape", "strides", "descr", "mask"):
            if rng.random() < 0.07:
                self.interface[key] = rng.choice(
                    (None, 3, "", "<", "<i", "<ix", ">i4", "|V3", (), (-1,), (2**62, 2**62),
                     (1.5,), ("x", 0), [], [("", "<i4")], (0,), (2, 2), object()))
        if rng.random() < 0.05:
            del self.interface[rng.choice(("typestr", "shape", "data"))]

    @property
    def __cuda_array_interface__(self):
        return self.interface


class Pool:
    """Objects with memory; afterwards nobody may hold it."""

    def __init__(self, rng, sends):
        self.rng, self.sends = rng, sends
        self.memory = bytearray(64)

    def wrapped(self):
        base = numpy.frombuffer(self.memory, self.rng.choice(("b", "i", "d")))
        return self.rng.choice((Capsule, Interface))(self.rng, base)

    def draw(self):
        rng, memory = self.rng, self.memory
        view = memoryview(memory)
        released = memoryview(memory)
        released.release()
        choices = [
            lambda: memory, lambda: view, lambda: view[8:40], lambda: view.toreadonly(),
            lambda: view[::2], lambda: view.cast("i"), lambda: released, lambda: b"constant",
            lambda: MPI.buffer(memory), lambda: MPI.buffer(memory)[4:36], MPI.buffer,
            lambda: numpy.frombuffer(memory, "i"), lambda: numpy.frombuffer(memory, ">i4"),
            lambda: numpy.frombuffer(memory, "d").reshape(2, 4),
            lambda: numpy.frombuffer(memory, "d").reshape(2, 4).T,
            lambda: numpy.frombuffer(memory, "i")[::2],
            lambda: numpy.frombuffer(memory, "i")[::-1],
            lambda: numpy.frombuffer(memory, "i4,i2,i2"), lambda: numpy.zeros(3, "M8[s]"),
            lambda: numpy.zeros(0, "i"), lambda: numpy.zeros((), "i"),
            lambda: array.array(rng.choice("bid"), [1] * 8), lambda: None,
            lambda: MPI.BOTTOM, lambda: MPI.IN_PLACE, lambda: 3, lambda: "text", list, dict,
            object, self.wrapped, self.wrapped, self.wrapped]
        if self.sends:
            choices.append(lambda: numpy.array([None, 1]))
        return rng.choice(choices)()

    def check(self):
        """A bytearray cannot grow while its memory is exported."""
        try:
            self.memory.append(0)
        except BufferError:  # our own objects may form cycles
            gc.collect()
            self.memory.append(0)
        self.memory.pop()


def number(rng):
    if rng.random() < 0.7:
        return rng.choice(INTEGERS)
    return rng.choice((None, None, True, 1.5, "1", numpy.int32(2), numpy.array(1), numpy.array([1]),
                       numpy.array([1.5]), Raising(), Changing(rng), (), [], object()))


def numbers(rng, vector):
    """A count or displacement: of vectors also a sequence, sometimes of another length."""
    if not vector or rng.random() < 0.3:
        return number(rng)
    items = [number(rng) for _ in range(rng.choice((1, 1, 1, 1, 0, 2)))]
    kind = rng.choice((list, list, tuple, lambda x: iter(x), lambda x: array.array("q")))
    return kind(items)


def datatype(rng, counted):
    """Those of derived types lie where they want: only where nothing is counted."""
    if rng.random() < 0.15:
        return rng.choice(WRONG_TYPES)
    if rng.random() < 0.3:
        return rng.choice("bidfBIDlq")
    return rng.choice(BASIC if counted else BASIC + DERIVED)


def message(rng, pool, form):
    if form == "w":
        wrong = WRONG_TYPES if rng.random() < 0.2 else []
        types = [rng.choice(BASIC + wrong) for _ in range(rng.choice((1,) * 8 + (0, 2)))]
        tail = [rng.choice((list, tuple))(types)]
    else:
        tail = None
    if rng.random() < 0.25:
        return pool.draw()
    if rng.random() < 0.2:  # nothing is wrong but, perhaps, the memory
        return [pool.draw(), *(tail or [rng.choice(BASIC)])]
    vector = form != "simple"
    count, displ = numbers(rng, vector), numbers(rng, vector)
    shape = rng.randrange(6)
    middle = ([], [count], [(count, displ)], [[count, displ]], [count, displ], [displ] * 4)[shape]
    if tail is None:
        tail = [datatype(rng, bool(middle))] if rng.random() < 0.8 else []
    spec = [pool.draw(), *middle, *tail]
    if rng.random() < 0.1:
        rng.shuffle(spec)
    LISTS.extend([spec] + [item for item in spec if isinstance(item, list)])
    return spec if rng.random() < 0.7 else tuple(spec)


def window():
    return MPI.Win.Allocate(64, 1, comm=SELF)


KEPT = []


def drop(request):
    """Prepared, never started; freed later, because it owns its memory until then."""
    KEPT.append(request)


# No data moves, or only between equal types: MPICH ends the process when the two sides
# of a transfer do not fit each other.
CALLS = {
    "simple": [
        lambda s, r, rng: drop(SELF.Send_init(s, 0)), lambda s, r, rng: drop(SELF.Recv_init(r, 0)),
        lambda s, r, rng: SELF.Bcast(s), lambda s, r, rng: SELF.Ibcast(s).Wait(),
        lambda s, r, rng: drop(SELF.Gather_init(s, r)),
        lambda s, r, rng: drop(SELF.Scatter_init(s, r)),
        lambda s, r, rng: drop(SELF.Allgather_init(s, r)),
        lambda s, r, rng: drop(SELF.Alltoall_init(s, r)),
        lambda s, r, rng: SELF.Reduce(s, r), lambda s, r, rng: SELF.Allreduce(s, r),
        lambda s, r, rng: SELF.Scan(s, r), lambda s, r, rng: SELF.Exscan(s, r),
        lambda s, r, rng: SELF.Reduce_scatter_block(s, r),
        lambda s, r, rng: SELF.Reduce_scatter(s, r, numbers(rng, True)),
        lambda s, r, rng: MPI.SUM.Reduce_local(s, r),
        lambda s, r, rng: MPI.INT.Pack(s, r, number(rng), SELF),
        lambda s, r, rng: MPI.INT.Unpack(s, number(rng), r, SELF),
        lambda s, r, rng: MPI.INT.Pack_external("external32", s, r, number(rng)),
        lambda s, r, rng: MPI.INT.Unpack_external("external32", s, number(rng), r),
        lambda s, r, rng: MPI.Get_address(s), lambda s, r, rng: MPI.buffer(s),
        lambda s, r, rng: MPI.buffer.frombuffer(s, bool(rng.randrange(2)))[number(rng):],
        lambda s, r, rng: MPI.buffer(r).__setitem__(slice(number(rng), number(rng)), s),
    ],
    "vector": [
        lambda s, r, rng: drop(SELF.Alltoallv_init(s, r)),
        lambda s, r, rng: drop(SELF.Allgatherv_init(s, r)),
        lambda s, r, rng: drop(SELF.Gatherv_init(s, r)),
        lambda s, r, rng: drop(SELF.Scatterv_init(s, r)),
    ],
    "w": [lambda s, r, rng: drop(SELF.Alltoallw_init(s, r))],
}
VALUES = (lambda rng, n: [rng.choice(INTEGERS) for _ in range(n)])
GROUP = MPI.COMM_WORLD.Get_group()
INFO = MPI.Info.Create()


def create_op(*args, **kwds):
    """There are few at a time."""
    MPI.Op.Create(*args, **kwds).Free()


BINDERS = [
    SELF.Get_rank, SELF.Iprobe, SELF.Get_name, SELF.Compare, MPI.INT.Create_contiguous,
    MPI.INT.Create_vector, MPI.INT.Create_indexed, MPI.INT.Create_hindexed_block,
    MPI.INT.Create_resized, MPI.INT.Create_subarray, MPI.INT.Create_darray,
    MPI.Datatype.Create_struct, MPI.Datatype.Get_value_index, MPI.Datatype.fromcode,
    MPI.Datatype.Match_size, MPI._datatype_create, MPI._datatype_decode, MPI._typecode,
    GROUP.Incl, GROUP.Excl, GROUP.Range_incl, GROUP.Translate_ranks, MPI.Status, create_op,
    INFO.Set, INFO.Get, INFO.get, INFO.pop, INFO.update, INFO.Get_nthkey, MPI.Info.Create,
    MPI.Info.Create_env, MPI.Aint_add, MPI.Get_error_class, MPI.SUM,
    MPI.buffer, MPI.buffer.frombuffer, MPI.Datatype, MPI.Comm, MPI.Intracomm, MPI.Request.Waitall,
    MPI.Request.Testany, MPI.Request.Waitsome,
]
NAMES = ["comm", "count", "key", "value", "datatype", "items", "requests", "x", "self", "", "é"]


def rounds():
    """Seeds: a number of them, or as many as the time allows."""
    begin = time.monotonic()
    seed = SEED * 1_000_000
    while time.monotonic() - begin < SECONDS if SECONDS else seed < SEED * 1_000_000 + ROUNDS:
        if LAST:
            pathlib.Path(LAST).write_text(f"{seed}\n", encoding="utf-8")
        yield seed
        seed += 1


def refused(call, *args, **kwds):
    """Runs it: whether it raised one of the exceptions that say what is wrong."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        try:
            call(*args, **kwds)
        except REFUSALS:
            return True
    return False


@pytest.mark.parametrize("form", CALLS)
def test_messages(form):
    done = 0
    for seed in rounds():
        rng = random.Random(seed)
        for call in CALLS[form]:
            source, sink = Pool(rng, True), Pool(rng, False)
            send, recv = message(rng, source, form), message(rng, sink, form)
            try:
                done += not refused(call, send, recv, rng)
            except BaseException as error:
                raise AssertionError("seed %d" % seed) from error
            del send, recv
            LISTS.clear()
            if KEPT:
                KEPT.pop().Free()
                continue
            for pool in (source, sink):
                pool.check()
    assert done or form == "w"  # of which few are right by chance


def test_windows():
    win = window()
    win.Lock_all()
    for seed in rounds():
        rng = random.Random(seed)
        pool = Pool(rng, False)
        target = rng.choice((None, number(rng), [number(rng) for _ in range(rng.randrange(3))]))
        for call in (win.Put, win.Get):
            origin = message(rng, pool, "simple")
            refused(call, origin, 0, target)
            win.Flush_all()
            del origin
            LISTS.clear()
            pool.check()
    win.Unlock_all()
    win.Free()


def argument(rng):
    return rng.choice((
        lambda: number(rng), lambda: rng.choice(BASIC + WRONG_TYPES), lambda: VALUES(rng, 3),
        lambda: [rng.choice(BASIC + WRONG_TYPES) for _ in range(rng.randrange(3))],
        lambda: rng.choice(("key", "", "\0", "a" * 3000, b"key", "\udc80")), lambda: SELF,
        lambda: {"key": number(rng)}, lambda: [("key", "value")], lambda: [MPI.REQUEST_NULL],
        lambda: rng.choice((MPI.SUM, MPI.INFO_NULL, MPI.COMM_NULL, MPI.Status(), object)),
        lambda: b"memory", lambda: [Raising()], lambda: (range(3),)))()


def test_binder():
    for seed in rounds():
        rng = random.Random(seed)
        for call in BINDERS:
            args = [argument(rng) for _ in range(rng.choice((0, 1, 1, 2, 2, 3, 4, 9)))]
            kwds = {rng.choice(NAMES): argument(rng) for _ in range(rng.choice((0, 0, 0, 1, 2)))}
            try:
                refused(call, *args, **kwds)
            except BaseException as error:
                raise AssertionError("seed %d, %r" % (seed, call)) from error
