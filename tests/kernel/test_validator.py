"""The validator itself: it lets a proper cell pass, and nothing that is wrong."""

import copy
import hashlib
import json

import pytest
from order import Order
from validator import DELIMITER, Violation, check_frames

HEADER = {"msg_id": "r1", "session": "client", "username": "u", "date": "", "version": "5.5",
          "msg_type": "execute_request"}
BUSY, IDLE = ({"execution_state": state} for state in ("busy", "idle"))
INPUT = {"code": "1", "execution_count": 3}
RESULT = {"execution_count": 3, "data": {"text/plain": "1"}, "metadata": {}}
STREAM = {"name": "stdout", "text": "t"}
ERROR = {"ename": "E", "evalue": "v", "traceback": ["t"]}
REPLY = {"status": "ok", "execution_count": 3, "payload": [], "user_expressions": {}}
FAILED = {"status": "error", "execution_count": 3, "payload": [], "user_expressions": {},
          **ERROR}
ABORTED = {"status": "aborted", "execution_count": 3}
SHOWN = {"data": {"text/plain": "1"}, "metadata": {}}


class Script:
    """Feeds an Order with (channel, type, content), each a message of its own."""

    def __init__(self, **content):
        self.order, self.count = Order(), 0
        self.say("iopub", "iopub_welcome", {"subscription": ""}, parent={})
        self.order.sent("shell", HEADER, {"code": "1", **content})

    def frames(self, channel, kind, content, parent=HEADER, **header):
        self.count += 1
        header = {"msg_id": f"k{self.count}", "session": "kernel", "username": "u",
                  "date": "2026-01-02T03:04:05.678901Z", "version": "5.5",
                  "msg_type": kind, **header}
        sections = [json.dumps(s).encode() for s in (header, parent, {}, content)]
        signature = hashlib.sha256(b"".join(sections)).hexdigest().encode()
        return [*([b"topic"] if channel == "iopub" else []), DELIMITER, signature,
                *sections]

    def say(self, channel, kind, content, **options):
        message = check_frames(channel, self.frames(channel, kind, content, **options))
        self.order.received(channel, message)

    def play(self, *messages):
        for channel, kind, content in messages:
            self.say(channel, kind, content)


def published(kind, content):
    return ("iopub", kind, content)


begun = [published("status", BUSY), published("execute_input", INPUT)]
answered = ("shell", "execute_reply", REPLY)
idle = published("status", IDLE)
result = published("execute_result", RESULT)
stream = published("stream", STREAM)
error = published("error", ERROR)


@pytest.mark.parametrize("messages", [
    [*begun, stream, result, answered, idle], [*begun, answered, idle],
    [*begun, idle, answered], [*begun, answered, stream, idle, stream],
    [*begun, error, ("shell", "execute_reply", FAILED), idle],
    [published("status", BUSY), ("shell", "execute_reply", ABORTED), idle]])
def test_what_is_right_passes(messages):
    Script().play(*messages)


@pytest.mark.parametrize("messages", [
    [stream], [idle], [published("status", BUSY)] * 2, [*begun, idle, idle],
    [*begun, idle, published("status", BUSY)], [published("status", BUSY), stream],
    [published("status", BUSY), result], [*begun, begun[1]],
    [*begun, result, result], [*begun, error, error], [*begun, idle, result],
    [*begun, idle, error], [*begun, idle, published("display_data", SHOWN)],
    [*begun, answered, answered], [*begun, error, answered, idle],
    [*begun, idle, ("shell", "execute_reply", FAILED)],
    [*begun, error, ("shell", "execute_reply", {**FAILED, "evalue": "w"}), idle],
    [*begun, published("execute_result", {**RESULT, "execution_count": 4})],
    [*begun, ("shell", "execute_reply", {**REPLY, "execution_count": 4}), idle],
    [*begun, ("shell", "execute_reply", ABORTED), idle],
    [published("status", BUSY), published("execute_input", {**INPUT, "code": "2"})],
    [*begun, ("control", "execute_reply", REPLY)],
    [*begun, ("shell", "inspect_reply", {"status": "ok", "found": False, "data": {},
                                         "metadata": {}})],
    [*begun, published("shutdown_reply", {"status": "ok", "restart": False})]])
def test_a_wrong_order_is_seen(messages):
    script = Script()
    script.play(*messages[:-1])
    with pytest.raises(Violation):
        script.play(messages[-1])


def test_a_silent_request_is_silent():
    for message in (begun[1], stream, error):
        script = Script(silent=True)
        script.play(begun[0])
        with pytest.raises(Violation):
            script.play(message)


def test_no_input_where_it_is_not_allowed():
    question = ("stdin", "input_request", {"prompt": "", "password": False})
    Script().play(*begun, question)
    with pytest.raises(Violation):
        Script(allow_stdin=False).play(*begun, question)


def test_a_request_of_somebody_else_is_heard_from_its_middle():
    script = Script()
    for kind, content in (("stream", STREAM), ("status", IDLE)):
        script.say("iopub", kind, content, parent={**HEADER, "msg_id": "o"})


@pytest.mark.parametrize("parent, kind, content", [
    ({**HEADER, "username": "w"}, "status", BUSY), ({}, "status", BUSY),
    ({}, "execute_result", RESULT), (None, "status", BUSY)])
def test_a_wrong_parent_is_seen(parent, kind, content):
    with pytest.raises(Violation):
        Script().say("iopub", kind, content, parent=parent)


def test_starting_comes_once_and_ids_never_twice():
    script, starting = Script(), {"execution_state": "starting"}
    script.say("iopub", "status", starting, parent={})
    with pytest.raises(Violation):
        script.say("iopub", "status", starting, parent={})
    script.say("iopub", "status", starting, parent={}, session="its successor")
    script.say("iopub", "status", BUSY, msg_id="k1", session="its successor")
    with pytest.raises(Violation):
        script.say("iopub", "stream", STREAM, msg_id="k1", session="its successor")


@pytest.mark.parametrize("field, value", [
    ("date", "2026-01-02T03:04:05"), ("date", "today"), ("version", "5.0"),
    ("msg_id", ""), ("session", None), ("username", 1), ("more", "")])
def test_a_wrong_header_is_seen(field, value):
    with pytest.raises(Violation):
        Script().say("iopub", "status", BUSY, **{field: value})


@pytest.mark.parametrize("channel, kind, content", [
    ("iopub", "stream", {"name": "stdlog", "text": ""}),
    ("iopub", "stream", {**STREAM, "rank": 0}),
    ("iopub", "display_data", {**SHOWN, "data": {"image/png": "aW1n"}}),
    ("iopub", "display_data", {**SHOWN, "data": {"text/plain": ["1"]}}),
    ("iopub", "update_display_data", {**SHOWN, "transient": {}}),
    ("iopub", "clear_output", {"wait": 1}), ("iopub", "execute_reply", REPLY),
    ("iopub", "no_such_message", {}), ("shell", "stream", STREAM),
    ("shell", "execute_reply", {**FAILED, "traceback": "t"}),
    ("shell", "execute_reply", {"status": "aborted"}),
    ("shell", "execute_reply", {**REPLY, "payload": [{"source": "page"}]}),
    ("shell", "complete_reply", {"status": "ok", "matches": []}),
    ("shell", "is_complete_reply", {"status": "incomplete"}),
    ("stdin", "input_request", {"prompt": "", "password": 0})])
def test_wrong_content_is_seen(channel, kind, content):
    with pytest.raises(Violation):
        check_frames(channel, Script().frames(channel, kind, content))


def test_wrong_frames_are_seen():
    good = Script().frames("shell", "interrupt_reply", {"status": "ok"})
    check_frames("shell", good)
    check_frames("shell", [DELIMITER, b"", *good[2:]], digits=0)
    for bad in ([b"topic", *good], good[1:], good[:-1], [*good, b"buffer"],
                [DELIMITER, b"", *good[2:]], [DELIMITER, b"A" * 64, *good[2:]],
                [*good[:4], b"null", good[5]], [*good[:5], b'{"status": NaN}'],
                [*good[:5], b"{"]):
        with pytest.raises(Violation):
            check_frames("shell", copy.copy(bad))


def test_it_listens_to_every_client(kernel):
    done = kernel.run("1")
    msg_id = done.reply["parent_header"]["msg_id"]
    (seen,) = (request for (name, _), request in kernel.client.watch.order.requests.items()
               if name == msg_id)
    assert seen.reply == done.content and seen.state == "idle" and seen.session
