"""Every member of every class with random arguments: whatever is wrong raises.

On one rank, with nobody to wait for.  The arguments are drawn by the names of the
parameters, and then spoilt: left out, swapped, wrong, or objects that free, release
and clear what the call is about to use while it asks them for a number.

RANKBOOK_FUZZ_SECONDS runs for so long instead of a few rounds, RANKBOOK_FUZZ_SEED
begins elsewhere, and RANKBOOK_FUZZ_LAST names a file that says what was called last.
"""
import array
import ast
import gc
import os
import pickle
import random
import time
import warnings

import numpy

from mpi4py import MPI

SECONDS = float(os.environ.get("RANKBOOK_FUZZ_SECONDS", 0))
SEED = int(os.environ.get("RANKBOOK_FUZZ_SEED", 1))
LAST = os.environ.get("RANKBOOK_FUZZ_LAST")
ROUNDS = 2
SELF = MPI.COMM_SELF
REFUSALS = (
    *(TypeError, ValueError, LookupError, BufferError, OverflowError, MemoryError),
    *(AttributeError, RuntimeError, EOFError, Warning, OSError, StopIteration),
    *(pickle.PickleError, ArithmeticError),
)

# What ends the process, waits for other processes, or believes an address or a number
# of a handle, as its users want it.
LEFT_OUT = {
    *("Abort", "Finalize", "Init", "Init_thread", "Spawn", "Spawn_multiple", "Join"),
    *("Accept", "Connect", "Open_port", "Close_port", "Publish_name", "Get_parent"),
    *("Unpublish_name", "Lookup_name", "Create_intercomm", "Create_from_groups"),
    *("Start", "Wait", "Complete", "Pcontrol", "Register_datarep", "Attach_buffer"),
    *("Detach_buffer", "Flush_buffer", "Iflush_buffer", "Attach", "Detach"),
    *("Add_error_class", "Add_error_code", "Add_error_string", "Get_error_string"),
    *("Remove_error_class", "Remove_error_code", "Remove_error_string"),
    *("fromhandle", "f2py", "fromint", "fromaddress", "Call_errhandler", "__class__"),
    # Who is sent nothing, as MPICH has it, waits for ever: as in C.
    *("Alltoallv", "Alltoallw", "Ialltoallv", "Ialltoallw"),
    *("__init_subclass__", "__subclasshook__", "__new__", "__getattribute__"),
}
# Those may be called on requests, because ours are complete.
REQUESTS = {"Start", "Wait"}


class Evil(ArithmeticError):
    """What our own bad objects raise."""


class Mischief:
    """Asked for anything, does something first."""

    def __init__(self, rng, world):
        self.rng, self.world = rng, world

    def act(self, *_):
        rng = self.rng
        if rng.random() < 0.3:
            raise Evil
        for victim in self.world:
            if isinstance(victim, (list, dict)):
                victim.clear()
            for name in ("release", "Free", "Close"):
                if hasattr(victim, name) and not isinstance(victim, MPI.Session):
                    try:
                        getattr(victim, name)()
                    except REFUSALS:
                        pass
        return rng.choice((1, 2, 3))  # never a rank that there is

    def __getitem__(self, idx):
        self.act()
        if idx > 3:
            raise IndexError
        return 1

    def __bool__(self):
        return bool(self.act())

    def __call__(self, *args, **kwds):
        return self.act()

    __index__ = __int__ = __len__ = act


class Taught:
    """A list whose items are gone when it is iterated."""

    def __init__(self, rng, world):
        self.mischief = Mischief(rng, world)

    def __iter__(self):
        self.mischief.act()
        return iter([1])


INTEGERS = (0, 0, 1, 1, 2, 3, 4, -1, -2, -(2**31), 2**31 - 1, 2**31, 2**62, 2**63, -(2**70))
NOWHERE = (MPI.PROC_NULL,) * 6 + (-7, 1, 99, 2**31 - 1, -(2**31))
RANKS = {"dest", "source", "rank", "peer", "target_rank"}
SMALL = {"size", "dims", "nnodes", "ndims", "nbytes", "n", "maxprocs", "buf_size"}


def scraps():
    """What no parameter wants."""
    return (
        *(None, "", "text", b"bytes", "\0", "\udc80", 1.5, object(), object, (), [], {}),
        *(True, NotImplemented, ..., 2**70, float("nan"), range(3), {1}, [None], [[]]),
        *(numpy.array(1, "B"), numpy.array([True]), len, MPI, MPI.Comm, MPI.BOTTOM, MPI.IN_PLACE),
    )


def released():
    memory = memoryview(bytearray(8))
    memory.release()
    return memory


def released_buffer():
    memory = MPI.buffer(bytearray(8))
    memory.release()
    return memory


def freed(handle):
    handle.Free()
    return handle


def closed(path):
    file = open_file(path)
    file.Close()
    return file


def open_file(path):
    modes = MPI.MODE_CREATE | MPI.MODE_RDWR | MPI.MODE_DELETE_ON_CLOSE
    return MPI.File.Open(SELF, path, modes)


def complete():
    request = MPI.Grequest.Start(None, None, None)
    request.Complete()
    return request


def cart():
    return SELF.Create_cart([1])


def graph():
    return SELF.Create_graph([0], [])


def distgraph():
    return SELF.Create_dist_graph_adjacent([0], [0])


SESSION = MPI.Session.Init()
INT = MPI.INT


class Places:
    """Fresh objects of each class, good ones and bad ones."""

    def __init__(self, folder):
        path = str(folder / "file")
        comms = [SELF.Dup, SELF.Dup, cart, graph, distgraph, lambda: freed(SELF.Dup())]
        self.path = path
        self.makers = {
            "Datatype": [INT.Dup, lambda: INT.Create_vector(2, 1, 2).Commit(), lambda: INT]
            + [lambda: freed(INT.Dup()), lambda: MPI.DATATYPE_NULL, lambda: MPI.DOUBLE],
            "Status": [MPI.Status],
            "Request": [lambda: SELF.Isend(b"", MPI.PROC_NULL), lambda: MPI.REQUEST_NULL]
            + [lambda: SELF.isend(1, MPI.PROC_NULL), complete, SELF.Ibarrier],
            "Prequest": [lambda: SELF.Send_init(b"", MPI.PROC_NULL), MPI.Prequest],
            "Grequest": [complete, MPI.Grequest],
            "Message": [lambda: MPI.MESSAGE_NO_PROC, lambda: MPI.MESSAGE_NULL, MPI.Message],
            "Op": [lambda: MPI.SUM, lambda: MPI.Op.Create(max), lambda: MPI.OP_NULL]
            + [lambda: freed(MPI.Op.Create(max)), MPI.Op],
            "Group": [SELF.Get_group, lambda: MPI.GROUP_EMPTY, lambda: MPI.GROUP_NULL]
            + [lambda: freed(SELF.Get_group())],
            "Info": [MPI.Info.Create, lambda: MPI.INFO_NULL, lambda: MPI.Info.Create({"a": "b"})]
            + [lambda: freed(MPI.Info.Create())],
            "Errhandler": [lambda: MPI.ERRORS_RETURN, lambda: MPI.ERRHANDLER_NULL]
            + [lambda: MPI.Comm.Create_errhandler(print)],
            "Session": [lambda: SESSION, lambda: MPI.SESSION_NULL],
            "Comm": comms + [lambda: MPI.COMM_NULL],
            "Intracomm": comms + [MPI.Intracomm],
            "Topocomm": [cart, graph, distgraph, MPI.Topocomm],
            "Cartcomm": [cart, cart, MPI.Cartcomm, lambda: freed(cart())],
            "Graphcomm": [graph, graph, MPI.Graphcomm, lambda: freed(graph())],
            "Distgraphcomm": [distgraph, MPI.Distgraphcomm],
            "Intercomm": [MPI.Intercomm],
            "Win": [lambda: MPI.Win.Allocate(64, 1, comm=SELF), self.fenced, self.fenced]
            + [lambda: MPI.Win.Create_dynamic(comm=SELF), lambda: MPI.WIN_NULL]
            + [lambda: freed(MPI.Win.Allocate(8, comm=SELF))],
            "File": [lambda: open_file(path)] * 4
            + [lambda: closed(path), lambda: MPI.FILE_NULL],
            "buffer": [lambda: MPI.buffer.allocate(16), lambda: MPI.buffer(bytearray(9))]
            + [MPI.buffer, lambda: MPI.buffer(b"const"), released_buffer],
            "Pickle": [MPI.Pickle],
            "Exception": [MPI.Exception, lambda: MPI.Exception(MPI.ERR_RANK)],
            "BottomType": [lambda: MPI.BOTTOM],
            "InPlaceType": [lambda: MPI.IN_PLACE],
        }

    @staticmethod
    def fenced():
        win = MPI.Win.Allocate(64, 1, comm=SELF)
        win.Fence()
        return win

    def make(self, rng, name):
        return rng.choice(self.makers[name])()


class Draw:
    """The arguments of one call."""

    def __init__(self, rng, places):
        self.rng, self.places = rng, places
        self.world = []  # what mischief is done to

    def keep(self, thing):
        self.world.append(thing)
        return thing

    def mischief(self):
        return self.rng.choice((Mischief, Mischief, Taught))(self.rng, self.world)

    def integer(self, name):
        if name in RANKS:
            return self.rng.choice(NOWHERE)
        if name in SMALL:
            return self.rng.choice((0, 1, 2, 7, 64, -1, -(2**31)))
        if self.rng.random() < 0.15:
            return self.mischief()
        return self.rng.choice(INTEGERS)

    def memory(self):
        """Bytes only: MPICH ends a process that is sent parts of an item."""
        makers = (
            *(lambda: bytearray(16), lambda: array.array("B", [1] * 9), released, None),
            *(lambda: numpy.ones(7, "B"), lambda: numpy.ones(0, "B"), lambda: bytes(8), MPI.buffer),
            *(lambda: MPI.buffer.allocate(16, True), released_buffer, lambda: 3),
            lambda: numpy.ones((4, 4))[::2, ::2],
        )
        maker = self.rng.choice(makers)
        return self.keep(maker()) if maker else None

    def message(self):
        if self.rng.random() < 0.5:
            return self.memory()
        count = self.rng.choice((0, 0, 1, self.integer("count"), self.sequence("counts")))
        forms = [["B"], [count, "B"], [count, 0, MPI.BYTE], [(count, None), MPI.BYTE]]
        forms += [[[MPI.BYTE]], [[MPI.BYTE]], [[1], [0], [MPI.BYTE]], [None], []]
        return self.keep([self.memory(), *self.rng.choice(forms)])

    def sequence(self, name):
        items = [self.integer(name) for _ in range(self.rng.randrange(4))]
        kind = self.rng.choice((list, list, tuple, iter))
        return self.keep(kind(items))

    def handle(self, name):
        return self.keep(self.places.make(self.rng, name))

    def special(self, name):
        """By the name of the parameter where the annotation says too little."""
        rng = self.rng
        if name == "filename":
            return self.places.path
        if name == "datarep":
            return rng.choice(("native", "external32", "x"))
        if name == "op":
            return rng.choice((MPI.SUM, MPI.MAX, self.handle("Op"), max))
        if name == "errhandler":
            return self.handle("Errhandler")
        if name in ("requests", "statuses", "datatypes"):
            kind = {"r": "Request", "s": "Status", "d": "Datatype"}[name[0]]
            return self.keep([self.handle(kind) for _ in range(rng.randrange(4))])
        if name == "ranges":
            return self.keep([self.sequence(name) for _ in range(rng.randrange(3))])
        return None

    def wanted(self, name, annotation):
        rng = self.rng
        value = self.special(name)
        if value is not None:
            return value
        classes = [c for c in self.places.makers if c in annotation.replace("|", " ").split()]
        if classes:
            return self.handle(rng.choice(classes))
        if any(word in annotation for word in ("BufSpec", "Buffer", "TargetSpec")):
            return self.message()
        if "Sequence" in annotation or "Iterable" in annotation:
            return self.sequence(name)
        if "int" in annotation or "bool" in annotation:
            return self.integer(name)
        if "str" in annotation:
            return rng.choice(("key", "a", "", "x" * 300, "ü"))
        return rng.choice(scraps())

    def argument(self, name, annotation):
        spoilt = 0.06 if name in ("source", "comm", "errhandler") else 0.12
        if self.rng.random() < spoilt:
            scrap = self.rng.choice(scraps())
            is_rank = name in RANKS and (scrap is MPI.BOTTOM or scrap is MPI.IN_PLACE)
            return self.mischief() if is_rank or self.rng.random() < 0.5 else scrap
        return self.wanted(name, annotation)

    def arguments(self, parameters):
        """Positional ones first, then by name, sometimes too few or too many."""
        rng = self.rng
        args, kwds, by_name = [], {}, False
        for name, annotation, optional in parameters:
            by_name |= rng.random() < 0.2
            if optional and name != "source" and rng.random() < 0.4:
                by_name = True
                continue
            value = self.argument(name, annotation)
            if by_name:
                kwds[name] = value
            else:
                args.append(value)
        if rng.random() < 0.04 and all(name != "source" for name, *_ in parameters):
            rng.choice((args.clear, kwds.clear))()
        if rng.random() < 0.03:
            args.append(rng.choice(scraps()))
        if rng.random() < 0.03:
            kwds[rng.choice(("x", "buf", "self", "ü"))] = 1
        return args, kwds


def parameters(doc):
    """(name, annotation, optional) of the signature in a docstring's first line."""
    line = (doc or "").partition("\n")[0]
    try:
        call = ast.parse(f"def {line}: pass").body[0].args
    except SyntaxError:
        return []
    named = [*call.posonlyargs, *call.args]
    first = len(named) - len(call.defaults)
    return [
        (a.arg, ast.unparse(a.annotation) if a.annotation else "", i >= first)
        for i, a in enumerate(named)
        if a.arg not in ("self", "cls")
    ]


def members(cls):
    for name in sorted(set(dir(cls)) - set(dir(object)) | {"__reduce__", "__eq__"}):
        if name not in LEFT_OUT or (name in REQUESTS and issubclass(cls, MPI.Request)):
            yield name


def tidy(thing):
    """Frees what a call has made or left."""
    if isinstance(thing, (list, tuple)):
        for item in thing:
            tidy(item)
    end = getattr(thing, "Free", None) or getattr(thing, "Close", None)
    if end and thing:
        try:
            end()
        except REFUSALS:
            pass


def note(*words):
    if LAST:
        with open(LAST, "w", encoding="utf-8") as file:
            file.write(repr(words))


def call_member(draw, cls, name):
    """One method called, or one property read, written and deleted."""
    rng = draw.rng
    subject = draw.keep(draw.places.make(rng, cls.__name__))
    member = getattr(cls, name)
    if not callable(member):
        result = getattr(subject, name)
        if rng.random() < 0.5:
            setattr(subject, name, draw.wanted(name, rng.choice(("int", "str", "bool", ""))))
            delattr(subject, name)
        return result
    args, kwds = draw.arguments(parameters(member.__doc__))
    return getattr(subject, name)(*args, **kwds)


def call_function(draw, function):
    args, kwds = draw.arguments(parameters(function.__doc__))
    return function(*args, **kwds)


def keyval_freed(cls, name, result):
    if name == "Create_keyval" and isinstance(result, int):
        cls.Free_keyval(result)


def targets():
    """(what, function of a Draw) for everything there is."""
    for name, cls in sorted(vars(MPI).items()):
        if not isinstance(cls, type) or name not in ("memory", *Places.names):
            continue
        for member in members(cls):
            yield f"{name}.{member}", cls, member
        yield f"{name}()", None, cls
    for name, function in sorted(vars(MPI).items()):
        if callable(function) and not isinstance(function, type):
            if name not in LEFT_OUT and not name.startswith("_") and "Op" not in repr(type(function)):
                yield name, None, function


Places.names = (
    *("Datatype", "Status", "Request", "Prequest", "Grequest", "Message", "Op", "Group"),
    *("Info", "Errhandler", "Session", "Comm", "Intracomm", "Topocomm", "Cartcomm"),
    *("Graphcomm", "Distgraphcomm", "Intercomm", "Win", "File", "buffer", "Pickle"),
    *("Exception", "BottomType", "InPlaceType"),
)


def one(seed, what, cls, member, places):
    rng = random.Random(f"{seed} {what}")
    draw = Draw(rng, places)
    note(seed, what)
    result = None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            if cls:
                result = call_member(draw, cls, member)
            else:
                result = call_function(draw, member)
            if cls:
                keyval_freed(cls, member, result)
        return True
    except REFUSALS:
        return False
    finally:
        tidy(result)
        tidy(draw.world)


def rounds():
    """Seeds: a number of them, or as many as the time allows."""
    begin, seed = time.monotonic(), SEED
    while time.monotonic() - begin < SECONDS if SECONDS else seed < SEED + ROUNDS:
        yield seed
        seed += 1


def test_everything(tmp_path):
    places = Places(tmp_path)
    done = calls = 0
    everything = list(targets())
    for seed in rounds():
        for what, cls, member in everything:
            calls += 1
            try:
                done += one(seed, what, cls, member, places)
            except Exception as error:
                raise AssertionError(f"seed {seed}, {what}: {error!r}") from error
        gc.collect()
    SESSION.free()  # unless one of the calls did
    assert calls > 500 and done > calls / 10
