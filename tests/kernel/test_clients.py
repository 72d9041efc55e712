"""Clients that come in numbers, come back, go in the middle, or do not read."""

import contextlib
import time

import pytest
import zmq
from harness import TIMEOUT, Kernel
from jupyter_client.jsonutil import extract_dates

MB = 1 << 20
SHARED = pytest.mark.parametrize("world", ["none-1", "mpi-4"])


@contextlib.contextmanager
def socket(kernel, kind, channel, **options):
    """A client's end of one channel."""
    info = kernel.manager.get_connection_info()
    with zmq.Context.instance().socket(kind) as sock:
        sock.linger = 0
        for name, value in options.items():
            setattr(sock, name, value)
        if kind == zmq.SUB:
            sock.subscribe(b"")
        sock.connect(f"tcp://{info['ip']}:{info[channel + '_port']}")
        yield sock


def receive(sock, session, timeout=TIMEOUT):
    assert sock.poll(timeout * 1000), "no message"
    return extract_dates(session.recv(sock, mode=0)[1])


@contextlib.contextmanager
def another(kernel):
    client = kernel.connect()
    try:
        client.wait_for_ready(timeout=TIMEOUT)
        yield client
    finally:
        client.stop_channels()


def front_of(kernel):
    return next(p for p in kernel.processes() if p.name() == "rankbook-front")


def peak(process, reset=False):
    """The most memory it had since the last reset, in bytes."""
    if reset:
        with open(f"/proc/{process.pid}/clear_refs", "w") as file:
            file.write("5")
    with open(f"/proc/{process.pid}/status") as file:
        return next(int(line.split()[1]) for line in file if "VmHWM" in line) * 1024


# ---------------------------------------------------------------- several

@SHARED
def test_two_clients_get_their_own_replies_and_see_everything(kernels, world):
    kernel = kernels(world)
    with another(kernel) as other:
        clients = [kernel.client, other]
        sent = {kernel.send(f"print('by {n}')", client): (n, client)
                for n in range(8) for client in clients}
        for watcher in clients:
            seen, idle = {}, set()
            while not idle.issuperset(sent):
                message = watcher.get_iopub_msg(timeout=TIMEOUT)
                parent = message["parent_header"].get("msg_id")
                if message["msg_type"] == "stream":
                    seen[parent] = message["content"]["text"]
                if message["content"].get("execution_state") == "idle":
                    idle.add(parent)
            assert seen == {msg_id: f"by {n}\n" for msg_id, (n, _) in sent.items()}
            got = [watcher.get_shell_msg(timeout=TIMEOUT) for _ in range(8)]
            assert [reply["parent_header"]["msg_id"] for reply in got] == [
                msg_id for msg_id, (_, client) in sent.items() if client is watcher]


@SHARED
def test_a_client_comes_back_under_its_identity(kernels, world):
    kernel = kernels(world)
    session = kernel.client.session.clone()
    with socket(kernel, zmq.DEALER, "shell", routing_id=b"the same") as old:
        session.send(old, "kernel_info_request", {})
        assert receive(old, session)["content"]["status"] == "ok"
        with socket(kernel, zmq.DEALER, "shell", routing_id=b"the same") as new:
            for _ in range(3):
                asked = session.send(new, "kernel_info_request", {})
                got = receive(new, session)
                assert got["parent_header"]["msg_id"] == asked["header"]["msg_id"]
            assert not old.poll(0)
    assert kernel.run("1").result == "1"


@SHARED
def test_heartbeats_of_several_while_all_is_stuck(kernels, world):
    kernel = kernels(world)
    # with the GIL held no thread of a rank can do anything
    msg_id = kernel.send("import ctypes; print('begun', flush=True)\n"
                         "ctypes.PyDLL(None).sleep(60)")
    kernel.wait_output(msg_id, "begun")
    with contextlib.ExitStack() as stack:
        hearts = [stack.enter_context(socket(kernel, zmq.REQ, "hb")) for _ in range(5)]
        for beat in range(3):
            for heart in hearts:
                heart.send(b"%d" % beat)
            for heart in hearts:
                assert heart.poll(TIMEOUT * 1000) and heart.recv() == b"%d" % beat
    assert kernel.request("kernel_info_request", {}, "control").content["status"] == "ok"
    kernel.interrupt()
    assert kernel.collect(msg_id).content["ename"] == "KeyboardInterrupt"


# ---------------------------------------------------------------- gone

@SHARED
def test_a_client_that_goes_does_not_end_its_cell(kernels, world):
    kernel = kernels(world)
    with another(kernel) as other:
        msg_id = kernel.send("print('begun', flush=True)\nleft_behind = 6", other)
        next_id = kernel.send("print(left_behind + 1)", other)
    kernel.wait_output(msg_id, "begun")
    kernel.wait_output(next_id, "7")
    assert kernel.run("left_behind").result == "6"


GONE = "EOFError: nobody answers input(): the client that ran this cell has gone"


def ended(kernel, msg_id):
    """The errors of the cell, when it is idle."""
    errors = []
    while True:
        message = kernel.client.get_iopub_msg(timeout=TIMEOUT)
        if message["parent_header"].get("msg_id") != msg_id:
            continue
        if message["msg_type"] == "error":
            errors.append(f"{message['content']['ename']}: {message['content']['evalue']}")
        if message["content"].get("execution_state") == "idle":
            return errors


@SHARED
@pytest.mark.parametrize("question", ["input('? ')", "import getpass; getpass.getpass()"])
def test_a_client_that_goes_instead_of_an_answer(kernels, world, question):
    kernel = kernels(world)
    with another(kernel) as other:
        msg_id = kernel.send(question, other, allow_stdin=True)
        other.get_stdin_msg(timeout=TIMEOUT)
    (error,) = ended(kernel, msg_id)
    assert GONE in error
    assert kernel.run("5").result == "5"


@SHARED
def test_a_client_that_goes_before_the_question(kernels, world, tmp_path):
    kernel = kernels(world)
    gone = tmp_path / "gone"
    with another(kernel) as other:
        msg_id = kernel.send("import os; print('begun', flush=True)\n"
                             f"while not os.path.exists({str(gone)!r}): pass\n"
                             "input()", other, allow_stdin=True)
        kernel.wait_output(msg_id, "begun")
    gone.touch()
    (error,) = ended(kernel, msg_id)
    assert GONE in error
    assert kernel.run("5").result == "5"


@SHARED
def test_other_clients_that_go_do_not_matter_to_a_question(kernels, world):
    kernel = kernels(world)
    msg_id = kernel.send("%%rank 0\ninput('? ')", allow_stdin=True)
    kernel.client.get_stdin_msg(timeout=TIMEOUT)
    with another(kernel):
        pass
    assert kernel.request("kernel_info_request", {}).content["status"] == "ok"
    kernel.client.input("still here")
    assert kernel.collect(msg_id).result == "'still here'"


# ---------------------------------------------------------------- readers

SHOW = """%%rank 0
from IPython.display import display
for n in range({count}):
    display({{'text/plain': str(n), 'application/x-large': 'x' * 1_000_000}}, raw=True)
"""


def show(kernel, count):
    return kernel.send(SHOW.format(count=count))


def large_ones(sock, count):
    """Reads until 'count' large messages have come."""
    deadline = time.monotonic() + 120
    while count > 0:
        assert sock.poll((deadline - time.monotonic()) * 1000), f"{count} are missing"
        frames = sock.recv_multipart(copy=False)
        count -= any(len(frame) > 1_000_000 for frame in frames)


def until_idle(sock, session, msg_id):
    while True:
        message = receive(sock, session)
        if (message["parent_header"].get("msg_id") == msg_id
                and message["content"].get("execution_state") == "idle"):
            return


@pytest.fixture(scope="module")
def sparing():
    """A kernel that keeps little for those who do not read."""
    with Kernel(4, env={"RANKBOOK_UNREAD_MB": "16"}) as kernel:
        yield kernel


def welcomed(sock):
    assert sock.poll(TIMEOUT * 1000)
    sock.recv_multipart()


def test_a_client_that_never_reads_iopub(sparing):
    front, session = front_of(sparing), sparing.client.session.clone()
    with socket(sparing, zmq.SUB, "iopub", rcvhwm=1, rcvbuf=MB), \
            socket(sparing, zmq.SUB, "iopub", rcvhwm=0) as reader:
        welcomed(reader)
        before = peak(front, reset=True)
        msg_id = show(sparing, 100)
        large_ones(reader, 100)
        until_idle(reader, session, msg_id)
        assert peak(front) - before < 50 * MB
    assert sparing.run("'others are served'").result == "'others are served'"


def test_a_client_that_never_reads_shell(sparing):
    front, session = front_of(sparing), sparing.client.session.clone()
    with socket(sparing, zmq.DEALER, "shell", rcvhwm=1, rcvbuf=MB) as silent:
        before = peak(front, reset=True)
        for _ in range(100):
            session.send(silent, "execute_request", {
                "code": "%%rank 0\npass", "silent": True,
                "user_expressions": {"large": "'x' * 1_000_000"}})
        session.send(silent, "execute_request", {"code": "print('the last one')"})
        asked = sparing.client.session.msg("kernel_info_request", {})
        sparing.client.shell_channel.send(asked)
        sparing.collect(asked["header"]["msg_id"])
        while sparing.client.get_iopub_msg(timeout=TIMEOUT)["msg_type"] != "stream":
            pass
        assert peak(front) - before < 50 * MB
    assert sparing.run("'others are served'").result == "'others are served'"


def test_a_slow_reader_gets_everything(sparing):
    with socket(sparing, zmq.SUB, "iopub", rcvhwm=1, rcvbuf=MB) as slow, \
            socket(sparing, zmq.SUB, "iopub", rcvhwm=0) as reader:
        welcomed(reader)
        welcomed(slow)
        show(sparing, 60)
        large_ones(reader, 20)
        large_ones(slow, 60)
        large_ones(reader, 40)
