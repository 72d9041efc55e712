"""The protocol around cells: info, introspection, control, bad bytes, clients."""

import json
import os
import signal
import time

import pytest
import zmq
from harness import Kernel, wait_gone


def test_kernel_info_is_answered_while_ranks_start():
    with Kernel(2, wait="welcome") as kernel:
        info = kernel.request("kernel_info_request", {}).content
        assert info["status"] == "ok" and info["protocol_version"].startswith("5.")
        assert info["implementation"] == "rankbook"
        assert info["language_info"]["name"] == "python"
        assert info["language_info"]["file_extension"] == ".py"
        assert kernel.run("1 + 1").result == "2"


def test_kernel_info_on_control(kernel):
    done = kernel.request("kernel_info_request", {}, "control")
    assert done.content["status"] == "ok" and done.states == ["busy", "idle"]


@pytest.mark.parametrize("before", ["\N{GREEK SMALL LETTER PI} = 1; ", "'\N{GRINNING FACE}'; "])
def test_complete(kernel, before):
    """Positions count neither bytes of UTF-8 nor halves of UTF-16."""
    kernel.run("completable_name = 1")
    code = f"{before}completable_n"
    done = kernel.request("complete_request",
                          {"code": code + " # more", "cursor_pos": len(code)})
    assert "completable_name" in done.content["matches"]
    assert done.content["cursor_start"] == len(before)
    assert done.content["cursor_end"] == len(code)


def test_jedi_is_there_for_whom_wants_it(world):
    """Asked by a cell, since it may take longer than a request waits."""
    world.run("from IPython.core.completer import provisionalcompleter\n"
              "code = \"def shout():\\n    word = 'a'\\n    return word.upp\"\n"
              "def matches():\n"
              "    with provisionalcompleter():\n"
              "        completer = get_ipython().Completer\n"
              "        return [m.text for m in completer.completions(code, len(code))]")
    assert world.run("get_ipython().Completer.use_jedi").result == "False"
    assert world.run("matches()").result == "[]"
    world.run("%config Completer.use_jedi = True")
    assert world.run("matches()").result == "['upper']"
    world.run("%config Completer.use_jedi = False")


def test_inspect(kernel):
    done = kernel.request("inspect_request",
                          {"code": "zip", "cursor_pos": 3, "detail_level": 0})
    assert done.content["found"] and "text/plain" in done.content["data"]
    done = kernel.request("inspect_request", {"code": "no_such_name", "cursor_pos": 3,
                                              "detail_level": 0})
    assert done.content == {"status": "ok", "found": False, "data": {}, "metadata": {}}


@pytest.mark.parametrize("code, status", [
    ("1", "complete"), ("print('''hello", "incomplete"), ("import = 7q", "invalid"),
    ("%%rank 0\nx = 1\n\n", "complete")])
def test_is_complete(kernel, code, status):
    assert kernel.request("is_complete_request", {"code": code}).content["status"] == status


def test_history(kernel):
    kernel.run("'remembered'")
    done = kernel.request("history_request", {
        "output": True, "raw": True, "hist_access_type": "tail", "n": 1})
    (_, _, (source, _)), = done.content["history"]
    assert source == "'remembered'"


def test_comm_info(kernel):
    wanted = {"target_name": "nobody's"}
    assert kernel.request("comm_info_request", wanted).content == {
        "status": "ok", "comms": {}}
    assert isinstance(kernel.request("comm_info_request", {}).content["comms"], dict)


def test_an_unknown_request_is_only_busy_and_idle(kernel):
    message = kernel.client.session.msg("no_such_request", {})
    kernel.client.shell_channel.send(message)
    states = []
    while states != ["busy", "idle"]:
        got = kernel.client.get_iopub_msg(timeout=10)
        if got["parent_header"].get("msg_id") == message["header"]["msg_id"]:
            states.append(got["content"]["execution_state"])
    assert kernel.run("1").result == "1"


def test_a_late_client_and_two_at_once(kernel):
    other = kernel.connect()
    try:
        other.wait_for_ready(timeout=20)
        kernel.run("shared = 5")
        assert kernel.run("shared", client=other).result == "5"
        assert kernel.run("shared").result == "5"
    finally:
        other.stop_channels()


def raw_socket(kernel, channel):
    info = kernel.manager.get_connection_info()
    sock = zmq.Context.instance().socket(zmq.DEALER)
    sock.linger = 0
    sock.connect(f"tcp://{info['ip']}:{info[channel + '_port']}")
    return sock


@pytest.mark.parametrize("frames", [
    [b"junk"],
    [b"<IDS|MSG>"],
    [b"<IDS|MSG>", b"", b"{}", b"{}", b"{}"],
    [b"<IDS|MSG>", b"0" * 64, b"{}", b"{}", b"{}", b"{}"],
    [b"<IDS|MSG>", b"0" * 64, b"{", b"}", b"\xff", b"\0"],
    [b"x" * 100_000, b"<IDS|MSG>"],
])
def test_junk_is_dropped(kernel, frames):
    for channel in ("shell", "control", "stdin"):
        sock = raw_socket(kernel, channel)
        sock.send_multipart(frames)
        assert sock.poll(50) == 0
        sock.close()
    assert kernel.run("1 + 2").result == "3"


def test_a_wrong_signature_is_dropped(kernel):
    sock = raw_socket(kernel, "shell")
    session = kernel.client.session.clone()
    session.key = b"not the key"
    session.send(sock, session.msg("execute_request", {"code": "forged = 1"}))
    assert kernel.run("'forged' in globals()").result == "False"
    sock.close()


def test_heartbeat(kernel):
    info = kernel.manager.get_connection_info()
    sock = zmq.Context.instance().socket(zmq.REQ)
    sock.linger = 0
    sock.connect(f"tcp://{info['ip']}:{info['hb_port']}")
    sock.send(b"alive?")
    assert sock.poll(5000) and sock.recv() == b"alive?"
    sock.close()


@pytest.mark.parametrize("ranks, method", [(1, "none"), (4, "mpiexec")])
def test_ipc(ranks, method):
    with Kernel(ranks, method, transport="ipc") as kernel:
        assert kernel.run("2 + 2").result == "4"


def test_an_empty_key_signs_nothing():
    with Kernel(1, "none", key=b"") as kernel:
        assert kernel.run("2 + 2").result == "4"


@pytest.mark.parametrize("code", ["while True: pass", "import time; time.sleep(60)",
                                  "!sleep 60", "import asyncio; await asyncio.sleep(60)"])
def test_interrupt(kernel, code):
    kernel.run("kept = 11")
    msg_id = kernel.send("print('begun', flush=True)\n" + code)
    kernel.wait_output(msg_id, "begun")
    begin = time.monotonic()
    kernel.interrupt()
    done = kernel.collect(msg_id)
    assert time.monotonic() - begin < 3
    assert done.content["ename"] == "KeyboardInterrupt"
    assert kernel.run("kept").result == "11"


def test_sigint_is_a_stop(kernel):
    """Of jupyter console, or of a terminal."""
    msg_id = kernel.send("import time; print('begun', flush=True)\ntime.sleep(60)")
    kernel.wait_output(msg_id, "begun")
    os.kill(kernel.pid, signal.SIGINT)
    assert kernel.collect(msg_id).content["ename"] == "KeyboardInterrupt"
    assert kernel.run("3").result == "3"


def test_standard_input_is_empty(kernel):
    """Nobody writes to it, and the process manager keeps it to itself."""
    done = kernel.run("import os, sys\nos.read(0, 1), sys.stdin.read()")
    assert done.result == "(b'', '')"
    assert kernel.run("!cat").outputs == []


def test_interrupt_while_idle_does_nothing(kernel):
    assert kernel.interrupt().content["status"] == "ok"
    assert kernel.run("3").result == "3"


def test_replies_while_a_cell_runs(kernel):
    msg_id = kernel.send("import time; print('begun', flush=True)\ntime.sleep(60)")
    kernel.wait_output(msg_id, "begun")
    assert kernel.request("kernel_info_request", {}).content["status"] == "ok"
    done = kernel.request("complete_request", {"code": "tim", "cursor_pos": 3})
    assert done.content["status"] == "ok"
    kernel.interrupt()
    assert kernel.collect(msg_id).content["ename"] == "KeyboardInterrupt"


@pytest.mark.parametrize("ranks, method", [(1, "none"), (4, "mpiexec")])
def test_shutdown_leaves_nothing(ranks, method):
    with Kernel(ranks, method) as kernel:
        kernel.run("1")
        processes = kernel.processes()
        begin = time.monotonic()
        done = kernel.request("shutdown_request", {"restart": False}, "control")
        assert done.content == {"status": "ok", "restart": False}
        assert not wait_gone(processes)
        assert time.monotonic() - begin < 3


@pytest.mark.parametrize("ranks, method", [(1, "none"), (4, "mpiexec")])
def test_restart(ranks, method):
    with Kernel(ranks, method) as kernel:
        before = kernel.run("old = 1").reply["header"]["session"]
        kernel.manager.restart_kernel()
        kernel.client.wait_for_ready(timeout=30)
        done = kernel.run("'old' in globals()")
        assert done.result == "False" and done.reply["header"]["session"] != before


def test_the_connection_file_is_kept_as_it_was(kernel):
    with open(kernel.manager.connection_file) as file:
        info = json.load(file)
    assert info["shell_port"] == kernel.manager.shell_port
