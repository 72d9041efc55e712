"""Busy and idle around every request, on both channels, and requests of no kind."""

import pytest
from harness import TIMEOUT, Kernel, wait_gone
from jupyter_client.session import Session

REQUESTS = {
    "kernel_info_request": {}, "comm_info_request": {}, "usage_request": {},
    "is_complete_request": {"code": "1"},
    "complete_request": {"code": "zi", "cursor_pos": 2},
    "inspect_request": {"code": "zip", "cursor_pos": 3, "detail_level": 0},
    "history_request": {"output": False, "raw": True, "hist_access_type": "tail", "n": 1},
    "connect_request": {}, "execute_request": {"code": "1", "silent": True},
    "interrupt_request": {}, "debug_request": {"type": "request", "seq": 1,
                                               "command": "debugInfo"},
}


@pytest.mark.parametrize("channel", ["shell", "control"])
@pytest.mark.parametrize("msg_type", REQUESTS)
def test_every_request_is_busy_and_idle_where_it_came(world, channel, msg_type):
    done = world.request(msg_type, REQUESTS[msg_type], channel)
    assert done.states == ["busy", "idle"] and not done.outputs
    assert done.reply["msg_type"] == msg_type.replace("_request", "_reply")


@pytest.mark.parametrize("channel", ["shell", "control"])
@pytest.mark.parametrize("msg_type", ["no_such_request", "execute", "create_subshell_request",
                                      "execute_reply", "x" * 1000])
def test_an_unknown_type_is_busy_and_idle_without_a_reply(world, channel, msg_type):
    session, client = world.client.session, world.client
    message = session.msg(msg_type, {"code": "1"})
    getattr(client, f"{channel}_channel").send(message)
    states = []
    while states != ["busy", "idle"]:
        heard = client.get_iopub_msg(timeout=TIMEOUT)
        if heard["parent_header"].get("msg_id") == message["header"]["msg_id"]:
            states.append(heard["content"]["execution_state"])
    # a reply would come before that of the next request, and be no known message
    assert world.request("kernel_info_request", {}, channel).content["status"] == "ok"


@pytest.mark.parametrize("msg_type", REQUESTS)
@pytest.mark.parametrize("content", [{}, {"code": 5, "cursor_pos": "x", "n": "x",
                                          "target_name": 1, "restart": "x"}])
def test_wrong_content_is_answered(world, msg_type, content):
    done = world.request(msg_type, content)
    assert done.states == ["busy", "idle"]


def test_the_parent_has_all_that_the_header_had(world):
    session = world.client.session
    message = session.msg("execute_request", {"code": "'parent'"})
    message["header"].update(subshell_id=None, later={"n": 2**70, "f": 1.5, "t": "ü"})
    world.client.shell_channel.send(message)
    done = world.collect(message["header"]["msg_id"])  # validated: headers are equal
    assert done.result == "'parent'"
    assert done.reply["parent_header"]["later"] == {"n": 2**70, "f": 1.5, "t": "ü"}


def test_a_request_with_a_parent_of_its_own(world):
    session = world.client.session
    message = session.msg("execute_request", {"code": "1"}, parent=session.msg_header("x"))
    world.client.shell_channel.send(message)
    assert world.collect(message["header"]["msg_id"]).result == "1"


def test_all_identity_frames_come_back(world):
    """A proxy between client and kernel adds frames of its own."""
    session, socket = Session(key=world.manager.session.key), world.manager.connect_shell()
    try:
        message = session.msg("kernel_info_request", {})
        session.send(socket, message, ident=[b"one", b"", b"two"])
        assert socket.poll(40000)
        identities, frames = session.feed_identities(socket.recv_multipart())
        assert identities == [b"one", b"", b"two"]
        assert session.deserialize(frames)["parent_header"]["msg_id"] == message["msg_id"]
    finally:
        socket.close(0)


def test_shell_and_control_at_once_keep_their_parents(world):
    running = world.send("import time; print('begun', flush=True); time.sleep(60)")
    world.wait_output(running, "begun")
    info = world.client.session.msg("kernel_info_request", {})
    stop = world.client.session.msg("interrupt_request", {})
    for message in (info, stop):
        world.client.control_channel.send(message)
    seen, left = {}, {running, info["msg_id"], stop["msg_id"]}
    while left:
        message = world.client.get_iopub_msg(timeout=TIMEOUT)
        state = message["content"].get("execution_state")
        if state:
            parent = message["parent_header"]["msg_id"]
            seen.setdefault(parent, []).append(state)
            left -= {parent} if state == "idle" else set()
    assert seen.pop(running) == ["idle"]
    assert set(map(tuple, seen.values())) == {("busy", "idle")}
    assert world.client.get_shell_msg(timeout=TIMEOUT)["content"]["status"] == "error"
    for _ in range(2):
        world.client.get_control_msg(timeout=TIMEOUT)


def test_kernel_info_says_what_the_kernel_can(world):
    content = world.request("kernel_info_request", {}).content
    assert content["protocol_version"] == "5.5"
    assert "kernel subshells" not in content["supported_features"]
    assert ("debugger" in content["supported_features"]) == content["debugger"]
    assert content["language_info"]["nbconvert_exporter"] == "python"


def test_connect_request_says_the_ports(world):
    ports = {name: port for name, port in world.manager.get_connection_info().items()
             if name.endswith("_port")}
    for channel in "shell", "control":
        assert world.request("connect_request", {}, channel).content == {
            "status": "ok", **ports}


def test_interrupts_of_an_idle_kernel_reach_no_cell(world):
    world.run("kept = 3")
    for _ in range(5):
        done = world.interrupt()
        assert done.content == {"status": "ok"} and done.states == ["busy", "idle"]
    assert world.run("kept").result == "3"
    assert world.run("import time; time.sleep(0.01); kept + 1").result == "4"


@pytest.mark.parametrize("ranks, channel, restart", [
    (1, "shell", True), (4, "control", True), (4, "shell", False)])
def test_shutdown(ranks, channel, restart):
    with Kernel(ranks) as kernel:
        processes = kernel.processes()
        done = kernel.request("shutdown_request", {"restart": restart}, channel)
        assert done.content == {"status": "ok", "restart": restart}
        kinds = [m["msg_type"] for m in done.messages]
        assert kinds == ["status", "shutdown_reply", "status"]
        assert done.messages[1]["content"] == done.content
        assert done.messages[1]["header"]["msg_id"] != done.reply["header"]["msg_id"]
        assert not wait_gone(processes)


def test_shutdown_of_a_cell_that_waits_for_the_user():
    with Kernel(4) as kernel:
        processes = kernel.processes()
        kernel.send("input()", allow_stdin=True)
        kernel.client.get_stdin_msg(timeout=TIMEOUT)
        kernel.request("shutdown_request", {}, "control")
        assert not wait_gone(processes)
