"""What execute_request promises: its options, counts, the queue after an error."""

from datetime import datetime

import pytest
from harness import TIMEOUT
from order import OUTPUTS


def count(kernel):
    return kernel.run("", silent=True).content["execution_count"]


def waiting(path, code=""):
    return (f"import os, time\nwhile not os.path.exists({str(path)!r}): "
            f"time.sleep(0.005)\n{code}")


def queue(kernel, path, *requests):
    """All requests are there before the first one ends."""
    ids = [kernel.send(code, **options) for code, options in requests]
    kernel.request("kernel_info_request", {})  # sent after them, answered at once
    path.touch()
    return [kernel.collect(msg_id) for msg_id in ids]


def test_only_code_is_needed(world):
    done = world.request("execute_request", {"code": "6 * 7"})
    assert done.result == "42" and done.content["user_expressions"] == {}
    assert world.run("1").content["execution_count"] == (
        done.content["execution_count"] + 1)


def test_unknown_fields_change_nothing(world):
    done = world.request("execute_request", {"code": "1", "later": {"a": [1]}, "x": None})
    assert done.result == "1"


@pytest.mark.parametrize("content", [{}, {"code": None}, {"code": 1}, {"code": ["1"]}])
def test_a_request_without_code_is_an_error(world, content):
    before = count(world)
    done = world.request("execute_request", content)
    assert done.content["status"] == "error" and "code" in done.content["evalue"]
    assert done.states == ["busy", "idle"] and not done.outputs
    assert world.run("1").content["execution_count"] == before + 1


def test_silent_with_empty_code_reads_the_counter(world):
    shown = world.run("1").content["execution_count"]
    done = world.run("", silent=True, user_expressions={"x": "2 * 3"})
    assert done.content["execution_count"] == shown and done.states == ["busy", "idle"]
    assert done.content["user_expressions"]["x"]["data"]["text/plain"] == "6"
    assert count(world) == shown


def test_silent_forces_store_history_off(world):
    before = count(world)
    world.run("hidden = 5", silent=True, store_history=True)
    assert world.run("hidden").result == "5"
    assert count(world) == before + 1
    done = world.request("history_request", {"output": False, "raw": True,
                                             "hist_access_type": "tail", "n": 1})
    assert done.content["history"][0][2] == "hidden"


def test_a_silent_error_is_only_in_the_reply_and_aborts_nothing(world, tmp_path):
    first, second, third = queue(
        world, tmp_path / "gate", (waiting(tmp_path / "gate"), {}),
        ("1 / 0", {"silent": True}), ("'goes on'", {}))
    assert second.content["ename"] == "ZeroDivisionError"
    assert [m["msg_type"] for m in second.messages] == ["status", "status"]
    assert third.result == "'goes on'"


def test_store_history_off_keeps_counter_and_history(world):
    before = count(world)
    done = world.run("'unstored'", store_history=False)
    assert done.content["execution_count"] == before == count(world)
    done = world.request("history_request", {
        "output": False, "raw": True, "hist_access_type": "search", "pattern": "*unstored*",
        "n": 5, "session": 0})
    assert done.content["history"] == []


def test_the_count_of_an_error(world):
    before = count(world)
    done = world.run("1 / 0")
    assert done.content["execution_count"] == before + 1 == count(world)


def test_user_expressions_are_not_evaluated_after_an_error(world):
    world.run("evaluated = []")
    done = world.run("1 / 0", user_expressions={"x": "evaluated.append(1)"})
    assert done.content["status"] == "error"
    assert world.run("evaluated").result == "[]"


def test_user_expressions_are_rich_and_fail_alone(world):
    done = world.run("from IPython.display import HTML", user_expressions={
        "rich": "HTML('<b>b</b>')", "none": "None", "name": "no_such_name",
        "syntax": "1 +", "raises": "1 / 0"})
    values = done.content["user_expressions"]
    assert values["rich"]["data"]["text/html"] == "<b>b</b>"
    assert values["none"]["data"]["text/plain"] == "None"
    assert [values[key].get("ename") for key in ("name", "syntax", "raises")] == [
        "NameError", "SyntaxError", "ZeroDivisionError"]
    assert done.content["status"] == "ok" and not done.outputs


@pytest.mark.parametrize("stop_on_error", [True, False])
def test_stop_on_error_and_the_queue(world, tmp_path, stop_on_error):
    world.run("ran = []")
    before = count(world)
    gate = tmp_path / "gate"
    first, *rest = queue(
        world, gate, (waiting(gate, "1 / 0"), {"stop_on_error": stop_on_error}),
        ("ran.append(1)", {}), ("ran.append(2)", {"silent": True}),
        ("", {"silent": True, "user_expressions": {"x": "ran.append(3)"}}))
    assert first.content["status"] == "error"
    statuses = {"aborted"} if stop_on_error else {"ok"}
    assert {done.content["status"] for done in rest} == statuses
    assert all(done.states == ["busy", "idle"] for done in rest)
    assert world.run("ran").result == ("[]" if stop_on_error else "[1, 2, 3]")
    assert count(world) == before + (2 if stop_on_error else 3)


def test_only_execute_requests_are_aborted(world, tmp_path):
    gate = tmp_path / "gate"
    failing = world.send(waiting(gate, "1 / 0"))
    session, shell = world.client.session, world.client.shell_channel
    asked = [session.msg("complete_request", {"code": "zi", "cursor_pos": 2}),
             session.msg("is_complete_request", {"code": "1"}),
             session.msg("history_request", {"output": False, "raw": True, "n": 1,
                                             "hist_access_type": "tail"}),
             session.msg("comm_info_request", {})]
    for message in asked:
        shell.send(message)
    gate.touch()
    replies, ended = {}, set()
    while len(ended) < len(asked) + 1:
        message = world.client.get_iopub_msg(timeout=TIMEOUT)
        if message["content"].get("execution_state") == "idle":
            ended.add(message["parent_header"]["msg_id"])
    while len(replies) < len(asked) + 1:
        message = world.client.get_shell_msg(timeout=TIMEOUT)
        replies[message["parent_header"]["msg_id"]] = message["content"]["status"]
    assert replies.pop(failing) == "error"
    assert set(replies.values()) == {"ok", "complete"}


def test_two_clients_are_served_in_turn(world, tmp_path):
    gate, other = tmp_path / "gate", world.connect()
    try:
        other.wait_for_ready(timeout=TIMEOUT)
        mine = world.send("print('begun', flush=True)\n" + waiting(gate, "print('mine')"))
        world.wait_output(mine, "begun")
        theirs = world.send("print('theirs')", client=other)
        other.kernel_info()
        other.get_shell_msg(timeout=TIMEOUT)
        gate.touch()
        assert world.collect(mine).text() == "mine\n"
        assert world.collect(theirs, other).text() == "theirs\n"
        heard = []  # the first client hears of the other's request, with its parent
        while "idle" not in heard:
            message = world.client.get_iopub_msg(timeout=TIMEOUT)
            if message["parent_header"].get("msg_id") == theirs:
                heard.append(message["content"].get("execution_state",
                                                    message["msg_type"]))
        assert heard == ["busy", "execute_input", "stream", "idle"]
    finally:
        other.stop_channels()


def test_an_error_of_one_client_aborts_what_the_other_queued(world, tmp_path):
    """One queue, one namespace: what comes next would build on what failed."""
    gate, other = tmp_path / "gate", world.connect()
    try:
        other.wait_for_ready(timeout=TIMEOUT)
        mine = world.send("print('begun', flush=True)\n" + waiting(gate, "1 / 0"))
        world.wait_output(mine, "begun")
        theirs = world.send("1", client=other)
        other.kernel_info()
        other.get_shell_msg(timeout=TIMEOUT)
        gate.touch()
        assert world.collect(mine).content["status"] == "error"
        assert world.collect(theirs, other).content["status"] == "aborted"
    finally:
        other.stop_channels()


def test_payloads(world):
    (page,) = world.run("len?").content["payload"]
    assert page["source"] == "page" and "Docstring" in page["data"]["text/plain"]
    (page,) = world.run("from IPython.core import page as p; p.page('long\\n' * 3, 1)"
                        ).content["payload"]
    assert page == {"source": "page", "data": {"text/plain": "long\n" * 3}, "start": 1}
    (text,) = world.run("get_ipython().set_next_input('x = 1')").content["payload"]
    assert text == {"source": "set_next_input", "text": "x = 1", "replace": False}
    (text,) = world.run("get_ipython().set_next_input('y', replace=True)"
                        ).content["payload"]
    assert text["replace"] is True
    for code, keeps in (("exit", False), ("exit()", False), ("quit(keep_kernel=True)",
                                                             True)):
        (end,) = world.run(code).content["payload"]
        assert end == {"source": "ask_exit", "keepkernel": keeps}
    assert world.run("1").content["payload"] == []


def test_several_next_inputs_are_one(world):
    """The last one counts, as it would be the last one typed."""
    done = world.run("for text in 'abc': get_ipython().set_next_input(text)")
    assert [p["text"] for p in done.content["payload"]] == ["c"]


def test_a_payload_of_a_failed_cell_does_not_come_later(world):
    world.run("get_ipython().set_next_input('x'); 1 / 0")
    assert world.run("1").content["payload"] == []


def test_late_output_has_the_parent_of_its_cell(world):
    begun = world.send("import threading\nlate = threading.Event()\n"
                       "def wait(): late.wait(); print('late', flush=True)\n"
                       "thread = threading.Thread(target=wait); thread.start()")
    assert world.collect(begun).content["status"] == "ok"
    seen = []
    world.send("late.set(); thread.join()")
    while not any(m["msg_type"] == "stream" for m in seen):
        message = world.client.get_iopub_msg(timeout=TIMEOUT)
        seen += [message] if message["msg_type"] in OUTPUTS else []
    assert {m["parent_header"]["msg_id"] for m in seen} == {begun}
    world.run("1")


def test_a_cell_id_is_passed_on(world):
    session = world.client.session
    message = session.msg("execute_request", {"code": "seen[-1]"}, metadata={
        "cellId": "cell-7"})
    world.run("seen = []\ndef look(info): seen.append(info.cell_id)\n"
              "get_ipython().events.register('pre_run_cell', look)")
    try:
        world.client.shell_channel.send(message)
        assert world.collect(message["header"]["msg_id"]).result == "'cell-7'"
    finally:
        world.run("get_ipython().events.unregister('pre_run_cell', look)")


# ---- the control channel, and what replies say beside their content ----

def test_a_cell_on_control(world, tmp_path):
    """It waits for its turn, and is answered where it came."""
    path = tmp_path / "go"
    first = world.send(waiting(path))
    request = world.client.session.msg("execute_request", {"code": "6 * 7"})
    failing = world.client.session.msg("execute_request", {"code": "1 / 0"})
    behind = world.client.session.msg("execute_request", {"code": "2"})
    for message in request, failing, behind:
        world.client.control_channel.send(message)
    world.request("kernel_info_request", {}, "control")  # sent after them
    path.touch()
    assert world.collect(first).content["status"] == "ok"
    done = world.collect(request["header"]["msg_id"], channel="control")
    assert done.result == "42" and done.states == ["busy", "idle"]
    done = world.collect(failing["header"]["msg_id"], channel="control")
    assert done.error["ename"] == "ZeroDivisionError"
    done = world.collect(behind["header"]["msg_id"], channel="control")
    assert done.content["status"] == "aborted" and not done.outputs


def test_a_comm_on_control(world):
    for channel in "control", "shell":
        message = world.client.session.msg("comm_open", {
            "comm_id": f"on {channel}", "target_name": "no such target", "data": {}})
        getattr(world.client, f"{channel}_channel").send(message)
        while True:
            got = world.client.get_iopub_msg(timeout=TIMEOUT)
            if got["msg_type"] == "comm_close":
                break
        assert got["content"]["comm_id"] == f"on {channel}"
    assert world.run("1").result == "1"


def test_metadata_of_a_reply(world):
    """As ipykernel's: by its own date, a cell began before its reply."""
    ended = {}
    for code, status in ("1", "ok"), ("1 / 0", "error"), ("", "ok"):
        reply = world.run(code).reply
        metadata = reply["metadata"]
        assert set(metadata) == {"started", "dependencies_met", "engine", "status"}
        assert metadata["status"] == status and metadata["dependencies_met"] is True
        assert metadata["engine"] == reply["header"]["session"]
        started = datetime.fromisoformat(metadata["started"].replace("Z", "+00:00"))
        assert started.tzinfo is not None and started <= reply["header"]["date"]
        assert ended.get("date", started) <= started
        ended = reply["header"]
    failing, behind = world.send("1 / 0"), world.send("1")
    world.collect(failing)
    assert world.collect(behind).reply["metadata"]["status"] == "aborted"
