"""Malformed messages: dropped or answered with an error; the kernel goes on."""

import itertools
import json
import random
import socket as plain

import pytest
import zmq
from harness import TIMEOUT
from jupyter_client.session import Session

SHARED = pytest.mark.parametrize("world", ["none-1", "mpi-4"])
CHANNELS = ("shell", "control", "stdin", "iopub", "hb")

# the content of every request that there is
REQUESTS = {
    "execute_request": {"code": "1", "silent": False, "store_history": True,
                        "user_expressions": {}, "allow_stdin": False,
                        "stop_on_error": False},
    "complete_request": {"code": "pri", "cursor_pos": 3},
    "inspect_request": {"code": "print", "cursor_pos": 3, "detail_level": 0,
                        "omit_sections": []},
    "is_complete_request": {"code": "1"},
    "history_request": {"output": False, "raw": True, "hist_access_type": "tail",
                        "session": 0, "start": 0, "stop": 1, "n": 1, "pattern": "*",
                        "unique": False},
    "comm_info_request": {"target_name": "t"},
    "comm_open": {"comm_id": "malformed", "target_name": "t", "data": {}},
    "comm_msg": {"comm_id": "malformed", "data": {}},
    "comm_close": {"comm_id": "malformed", "data": {}},
    "kernel_info_request": {},
    "usage_request": {},
    "interrupt_request": {},
    "debug_request": {"type": "request", "seq": 1, "command": "debugInfo",
                      "arguments": {}},
    "input_reply": {"value": "1", "status": "ok"},
}
NO_REPLY = ("comm_open", "comm_msg", "comm_close", "input_reply")
WRONG = (None, True, -1, 2**70, 1.5, "", "\0\ud800", "x" * 70000, [], [[]], {}, {"a": {"b": 1}})


def connect(kernel, channel, kind=zmq.DEALER):
    info = kernel.manager.get_connection_info()
    sock = zmq.Context.instance().socket(kind)
    sock.linger = 0
    sock.connect(f"tcp://{info['ip']}:{info[channel + '_port']}")
    return sock


def frames(session, msg_type, **changes):
    """The frames of a signed message, with some of its parts replaced by bytes."""
    assert all(isinstance(change, bytes) for change in changes.values())
    message = session.msg(msg_type, {})
    parts = {name: json.dumps(message[name], default=str).encode()
             for name in ("header", "parent_header", "metadata", "content")}
    parts.update(changes)
    signed = [parts[name] for name in ("header", "parent_header", "metadata", "content")]
    return [b"<IDS|MSG>", session.sign(signed), *signed]


def is_well(kernel):
    """It runs a cell on all ranks, and the messages of it are its own."""
    done = kernel.run("6 * 7")
    assert done.content["status"] == "ok" and done.result == "42"
    assert done.states == ["busy", "idle"]
    for message in done.messages:
        assert message["parent_header"]["msg_id"] == done.reply["parent_header"]["msg_id"]


def settle(kernel, sock, session):
    """Everything that came before on this socket has been answered when a last request
    has; what the answers are."""
    last = session.send(sock, "kernel_info_request", {})["header"]["msg_id"]
    replies = []
    while not replies or replies[-1]["parent_header"].get("msg_id") != last:
        assert sock.poll(TIMEOUT * 1000), "no answer"
        replies.append(session.recv(sock, mode=0)[1])
    return replies[:-1]


@pytest.fixture
def unwatched(kernels, world):
    """A kernel whose usual client does not mind what others are answered: it hears of
    requests that no rule knows."""
    kernel = kernels(world)
    kernel.client.watch.received = lambda channel, frames: None
    yield kernel
    kernel.request("kernel_info_request", {})
    del kernel.client.watch.received
    is_well(kernel)


# ---------------------------------------------------------------- frames

def broken(session):
    """Messages with something wrong in one frame, each."""
    good = frames(session, "kernel_info_request")
    for count in range(len(good)):
        yield good[:count] or [b""]
        yield good[count:]
    for at, junk in itertools.product(range(len(good)), (
            b"", b"\0", b"\xff" * 99, b"{", b"null", b"[" * 100_000)):
        yield [*good[:at], junk, *good[at + 1:]]
    header = json.loads(good[2])
    for part in ("header", "parent_header", "metadata", "content"):
        for junk in (b"", b"{", b"[]", b"null", b"7", b'"x"', b'{"a":', b"\xff\xfe",
                     b'{"a":NaN}', b'{"a":1e999}', b'{"":' * 3000 + b"1" + b"}" * 3000,
                     b'{"a":"\\ud800"}', b'{"a":1,"a":2}', b'{} {}', b"{}\0"):
            yield frames(session, "kernel_info_request", **{part: junk})
    for field in header:
        for wrong in WRONG:
            changed = json.dumps(dict(header, **{field: wrong})).encode()
            yield frames(session, "kernel_info_request", header=changed)
        less = {key: value for key, value in header.items() if key != field}
        yield frames(session, "kernel_info_request", header=json.dumps(less).encode())
    yield frames(session, "") + [b"buffer"] * 2000
    yield [b"identity"] * 2000 + frames(session, "kernel_info_request")
    yield [b"<IDS|MSG>"] * 20
    yield frames(session, "no_such_request" * 10_000)


@SHARED
def test_every_frame(unwatched):
    kernel = unwatched
    session = kernel.client.session.clone()
    for channel in ("shell", "control", "stdin", "hb"):
        with connect(kernel, channel) as sock:
            for message in broken(session):
                sock.send_multipart(message)
            if channel in ("shell", "control"):
                for reply in settle(kernel, sock, session):
                    assert reply["msg_type"] == "kernel_info_reply"
    with connect(kernel, "iopub", zmq.XSUB) as sock:
        for message in broken(session):
            sock.send_multipart(message)
        sock.send(b"\1")
        assert sock.poll(TIMEOUT * 1000)
    is_well(kernel)


@SHARED
def test_bytes_that_are_no_zeromq(unwatched):
    kernel = unwatched
    info = kernel.manager.get_connection_info()
    random_bytes = random.Random(5).randbytes
    greeting = b"\xff" + b"\0" * 8 + b"\x7f\3\0NULL" + b"\0" * 48
    huge = b"\2" + (2**62).to_bytes(8, "big")
    for channel in CHANNELS:
        for data in (b"GET / HTTP/1.1\r\n\r\n", random_bytes(4000), greeting,
                     greeting + random_bytes(400), greeting + huge + b"x" * 400):
            with plain.create_connection((info["ip"], info[f"{channel}_port"])) as sock:
                sock.sendall(data)
    is_well(kernel)


# ---------------------------------------------------------------- content

def contents():
    """(type, content) with one field wrong, missing, or everything."""
    for msg_type, content in REQUESTS.items():
        for field in content:
            for wrong in WRONG:
                yield msg_type, dict(content, **{field: wrong})
            yield msg_type, {key: content[key] for key in content if key != field}
        yield msg_type, {}
        yield msg_type, dict(content, unknown=[1])


def is_answer(reply, asked):
    """Of the right type, with a status, or what this type has instead."""
    msg_type, msg_id = asked
    return (reply["msg_type"] == msg_type.replace("_request", "_reply")
            and reply["parent_header"]["msg_id"] == msg_id
            and (reply["content"].get("status") in ("ok", "error", "complete", "incomplete",
                                                    "invalid", "unknown")
                 or msg_type in ("debug_request", "usage_request")))


# Cells, and the targets of comms that earlier cells have made known.
MAY_SAY = "execute_request", "comm_open"


@SHARED
@pytest.mark.parametrize("channel", ["shell", "control"])
def test_every_field(unwatched, channel):
    kernel = unwatched
    session = Session(key=kernel.manager.session.key)
    with connect(kernel, channel) as sock, connect(kernel, "stdin") as stdin:
        for msg_type, content in contents():
            if msg_type == "execute_request" and channel == "control":
                continue
            to = stdin if msg_type == "input_reply" else sock
            asked = session.msg(msg_type, content)
            data = json.dumps(content).encode()
            to.send_multipart(frames(
                session, msg_type, content=data,
                header=json.dumps(asked["header"], default=str).encode()))
            if msg_type in NO_REPLY:
                continue
            assert sock.poll(TIMEOUT * 1000), f"{msg_type} {data[:200]} is not answered"
            reply = session.recv(sock, mode=0)[1]
            assert is_answer(reply, (msg_type, asked["header"]["msg_id"])), (
                f"{msg_type} {data[:200]}: {str(reply)[:500]}")
        assert settle(kernel, sock, session) == []
    assert [m for m in heard(kernel) if m["msg_type"] in ("stream", "error")
            and m["parent_header"]["msg_type"] not in MAY_SAY] == []
    is_well(kernel)


@SHARED
@pytest.mark.parametrize("msg_type, content, words", [
    ("complete_request", {"code": 1, "cursor_pos": 0}, "code is int, not str"),
    ("complete_request", {"code": "a", "cursor_pos": "0"}, "cursor_pos is str, not int"),
    ("complete_request", {}, "there is no code"),
    ("inspect_request", {"code": "a", "cursor_pos": [1]}, "cursor_pos is list, not int"),
    ("inspect_request", {"code": "a", "detail_level": "x"}, "detail_level is str, not int"),
    ("history_request", {"hist_access_type": "tail", "n": "3"}, "n is str, not int"),
    ("history_request", {"hist_access_type": "tail", "n": 2**70}, "n is too large"),
    ("history_request", {"hist_access_type": 7}, "hist_access_type is int, not str"),
])
def test_a_wrong_field_is_named(kernels, world, msg_type, content, words):
    done = kernels(world).request(msg_type, content)
    assert done.content["status"] == "error" and words in done.content["evalue"]
    assert done.content["traceback"] and done.states == ["busy", "idle"]


@SHARED
@pytest.mark.parametrize("content", [{"code": 7}, {}])
def test_a_cell_without_code_fails(unwatched, content):
    done = unwatched.request("execute_request", content)
    assert done.content["status"] == "error" and "without code" in done.content["evalue"]
    assert done.states == ["busy", "idle"]


@SHARED
@pytest.mark.parametrize("content", [{"code": 1}, {}, {"code": None}])
def test_what_is_no_code_is_not_known_to_be_complete(kernels, world, content):
    done = kernels(world).request("is_complete_request", content)
    assert done.content == {"status": "unknown"}


@SHARED
def test_a_wrong_field_while_a_cell_runs(kernels, world):
    kernel = kernels(world)
    cell = kernel.send("print('begun', flush=True)\nimport time; time.sleep(60)")
    kernel.wait_output(cell, "begun")
    for msg_type in ("complete_request", "inspect_request"):
        done = kernel.request(msg_type, {"code": None})
        assert "code is NoneType, not str" in done.content["evalue"]
    kernel.interrupt()
    assert kernel.collect(cell).content["ename"] == "KeyboardInterrupt"


def heard(kernel):
    """All that IOPub has said and nobody has read."""
    sent = kernel.client.session.msg("kernel_info_request", {})
    kernel.client.shell_channel.send(sent)
    messages = []
    while True:
        message = kernel.client.get_iopub_msg(timeout=TIMEOUT)
        if message["parent_header"].get("msg_id") == sent["header"]["msg_id"]:
            if message["content"].get("execution_state") == "idle":
                return messages
        else:
            messages.append(message)


@SHARED
def test_content_that_is_no_object(unwatched):
    kernel = unwatched
    session = Session(key=kernel.manager.session.key)
    with connect(kernel, "shell") as sock:
        for msg_type in [*REQUESTS, "shutdown_request"]:
            for junk in (b"", b"[]", b"null", b"{", b"\xff", b'{"code":}',
                         b'{"code":' + b"[" * 900 + b"]" * 900 + b"}"):
                asked = session.msg(msg_type)
                sock.send_multipart(frames(
                    session, msg_type, content=junk,
                    header=json.dumps(asked["header"], default=str).encode()))
                if msg_type in NO_REPLY:
                    continue
                assert sock.poll(TIMEOUT * 1000), f"{msg_type} {junk} is not answered"
                reply = session.recv(sock, mode=0)[1]
                assert is_answer(reply, (msg_type, asked["header"]["msg_id"]))
        assert settle(kernel, sock, session) == []
    is_well(kernel)
