"""Comms, the messages of widgets: from the client to a rank, and back."""

import time

import pytest
from harness import TIMEOUT

TARGET = """
import comm
def on_open(c, message):
    opened = message['content']['data']
    def on_msg(message):
        data = message['content']['data']
        print('got', data)
        c.send({'twice': data['n'] * 2}, metadata={'m': 1},
               buffers=[bytes(reversed(bytes(b))) for b in message['buffers']])
    def on_close(message):
        global closed
        closed = message['content']['data']
    c.on_msg(on_msg)
    c.on_close(on_close)
    c.send({'hello': opened}, buffers=message['buffers'])
comm.get_comm_manager().register_target('echo', on_open)
"""


@pytest.fixture(params=["none-1", "none-3"])
def kernel(request, kernels):
    kernel = kernels(request.param)
    assert kernel.run(TARGET).content["status"] == "ok"
    yield kernel
    for comm_id in known(kernel):
        say(kernel, "comm_close", comm_id=comm_id, data={})


def say(kernel, msg_type, buffers=None, metadata=None, **content):
    """Sends a comm message; what IOPub says of it, up to idle."""
    session, deadline = kernel.client.session, time.monotonic() + TIMEOUT
    sent = session.msg(msg_type, content, metadata=metadata)
    session.send(kernel.client.shell_channel.socket, sent, buffers=buffers)
    messages = []
    while not (messages and messages[-1]["msg_type"] == "status"
               and messages[-1]["content"]["execution_state"] == "idle"):
        message = kernel.client.get_iopub_msg(timeout=deadline - time.monotonic())
        if message["parent_header"].get("msg_id") == sent["header"]["msg_id"]:
            messages.append(message)
    assert messages[0]["content"] == {"execution_state": "busy"}
    return messages[1:-1]


def open_echo(kernel, comm_id, **data):
    return say(kernel, "comm_open", comm_id=comm_id, target_name="echo", data=data)


def known(kernel, **options):
    return kernel.request("comm_info_request", options).content["comms"]


def test_a_client_opens_a_comm(kernel):
    opened = say(kernel, "comm_open", [b"\0\xff binary"], comm_id="c1",
                 target_name="echo", data={"by": "client"})
    (hello,) = opened
    assert hello["msg_type"] == "comm_msg"
    assert hello["content"]["comm_id"] == "c1"
    assert hello["content"]["data"] == {"hello": {"by": "client"}}
    assert [bytes(b) for b in hello["buffers"]] == [b"\0\xff binary"]
    assert known(kernel)["c1"] == {"target_name": "echo"}
    assert "c1" in known(kernel, target_name="echo")
    assert "c1" not in known(kernel, target_name="other")


def test_a_rank_answers_with_buffers(kernel):
    open_echo(kernel, "c2")
    messages = say(kernel, "comm_msg", [b"abc", b"", b"\x01\x02"], comm_id="c2",
                   data={"n": 21})
    printed, = [m for m in messages if m["msg_type"] == "stream"]
    answer, = [m for m in messages if m["msg_type"] == "comm_msg"]
    assert printed["content"]["text"] == "got {'n': 21}\n"
    assert answer["content"] == {"comm_id": "c2", "data": {"twice": 42}}
    assert answer["metadata"] == {"m": 1}
    assert [bytes(b) for b in answer["buffers"]] == [b"cba", b"", b"\x02\x01"]


def test_a_client_closes_a_comm(kernel):
    open_echo(kernel, "c3")
    assert not say(kernel, "comm_close", comm_id="c3", data={"bye": 1})
    assert "c3" not in known(kernel)
    assert not say(kernel, "comm_msg", comm_id="c3", data={"n": 1})
    assert "{'bye': 1}" in kernel.run("%%rank 0\nclosed").result


def test_an_unknown_target_is_closed_again(kernel):
    messages = say(kernel, "comm_open", comm_id="c4", target_name="nobody", data={})
    closed, = [m for m in messages if m["msg_type"] == "comm_close"]
    assert closed["content"]["comm_id"] == "c4"
    assert "c4" not in known(kernel)


def test_an_error_in_a_handler_is_shown_and_the_comm_goes_on(kernel):
    open_echo(kernel, "c5")
    messages = say(kernel, "comm_msg", comm_id="c5", data={"no": "n"})
    assert "KeyError" in str([m["content"] for m in messages])
    messages = say(kernel, "comm_msg", comm_id="c5", data={"n": 1})
    assert [m["content"]["data"] for m in messages if m["msg_type"] == "comm_msg"] == [
        {"twice": 2}]


def test_a_rank_opens_a_comm(kernel):
    done = kernel.run(
        "%%rank 0\n"
        "mine = comm.create_comm('widget', data={'a': 1}, metadata={'v': 2},"
        " buffers=[b'\\0\\1'])\n"
        "mine.on_msg(lambda m: mine.send(m['content']['data'], buffers=m['buffers']))")
    (opened,) = [m for m in done.messages if m["msg_type"] == "comm_open"]
    comm_id = opened["content"]["comm_id"]
    assert opened["content"]["target_name"] == "widget"
    assert opened["content"]["data"] == {"a": 1} and opened["metadata"] == {"v": 2}
    assert [bytes(b) for b in opened["buffers"]] == [b"\0\1"]
    assert known(kernel, target_name="widget") == {comm_id: {"target_name": "widget"}}
    (back,) = say(kernel, "comm_msg", [b"\xfe"], comm_id=comm_id, data={"b": 2})
    assert back["content"]["data"] == {"b": 2}
    assert [bytes(b) for b in back["buffers"]] == [b"\xfe"]
    done = kernel.run("%%rank 0\nmine.close()")
    assert [m["content"]["comm_id"] for m in done.messages
            if m["msg_type"] == "comm_close"] == [comm_id]
    assert comm_id not in known(kernel)


def test_messages_reach_the_ranks_that_hold_the_comm(kernel):
    done = kernel.run(
        "import comm, os\nrank = int(os.environ['RANKBOOK_RANK'])\n"
        "def answer(c):\n    c.on_msg(lambda m: c.send({'rank': rank}))\n"
        "shared, own = comm.create_comm('shared'), comm.create_comm('own', {'of': rank})\n"
        "answer(shared)\nanswer(own)")
    opened = [m["content"] for m in done.messages if m["msg_type"] == "comm_open"]
    shared, = [c["comm_id"] for c in opened if c["target_name"] == "shared"]
    own = {c["data"]["of"]: c["comm_id"] for c in opened if c["target_name"] == "own"}
    assert len(set(own.values())) == kernel.ranks
    for comm_id, ranks in [(shared, [*range(kernel.ranks)])] + [
            (comm_id, [rank]) for rank, comm_id in own.items()]:
        answers = [m["content"]["data"]["rank"] for m in say(kernel, "comm_msg",
                                                             comm_id=comm_id, data={})
                   if m["msg_type"] == "comm_msg"]
        assert sorted(answers) == ranks
    done = kernel.run("if rank == 0:\n    shared.close()")
    assert "comm_close" not in [m["msg_type"] for m in done.messages] or kernel.ranks == 1
    done = kernel.run("shared.close()")
    assert shared not in known(kernel)


def test_data_is_what_it_was(kernel):
    """Also where it is nothing, or no dict."""
    done = kernel.run("c = comm.create_comm('t', data=[])\n"
                      "for data in (0, [], '', None):\n    c.send(data)\nc.close(data=0)")
    assert [m["content"]["data"] for m in done.messages
            if m["msg_type"].startswith("comm_")] == [[], 0, [], "", {}, 0]


def test_messages_of_a_running_cell_are_handled_after_it(kernel):
    open_echo(kernel, "c6")
    msg_id = kernel.send("print('runs', flush=True)\n"
                         "import threading; threading.Event().wait(60)")
    kernel.wait_output(msg_id, "runs")
    session = kernel.client.session
    sent = session.msg("comm_msg", {"comm_id": "c6", "data": {"n": 3}})
    kernel.client.shell_channel.send(sent)
    kernel.interrupt()
    deadline, answer, ended = time.monotonic() + TIMEOUT, None, False
    while answer is None or not ended:
        message = kernel.client.get_iopub_msg(timeout=deadline - time.monotonic())
        parent = message["parent_header"].get("msg_id")
        if message["msg_type"] == "comm_msg" and parent == sent["header"]["msg_id"]:
            answer = message["content"]["data"]
        ended = ended or (parent == msg_id
                          and message["content"].get("execution_state") == "idle")
    assert answer == {"twice": 6}
    assert kernel.run("1 + 1").result == "2"


def test_a_message_during_a_cell_is_idle_when_it_was_handled(kernel):
    open_echo(kernel, "c9")
    cell = kernel.send("import time; print('begun', flush=True); time.sleep(1.5)")
    kernel.wait_output(cell, "begun")
    # one rank may have ended its part before the others, and answers then
    messages = say(kernel, "comm_msg", comm_id="c9", data={"n": 4})
    assert [m["content"]["data"] for m in messages if m["msg_type"] == "comm_msg"] == [
        {"twice": 8}]
    kernel.run("pass")
