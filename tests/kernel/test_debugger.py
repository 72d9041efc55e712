"""The debugger: the debug adapter protocol through debug_request and debug_event."""

import time

import pytest
from harness import TIMEOUT, Kernel, expand, interpreters, kill, wait_gone
from order import OUTPUTS

CELL = """def area(width, height):
    product = width * height
    return product

total = area(6, 7)
names = ['a', 'b']
print('the end', total)"""


class Debugger:
    """A client of the debugger, which reads all of IOPub itself."""

    def __init__(self, kernel, client=None):
        self.kernel = kernel
        self.client = client or kernel.client
        self.seq = 0
        self.events = []
        self.outputs = []
        self.idle = set()

    def request(self, command, **arguments):
        """The reply, with success or without."""
        self.seq += 1
        content = {"type": "request", "seq": self.seq, "command": command,
                   "arguments": arguments}
        message = self.client.session.msg("debug_request", content)
        self.client.control_channel.send(message)
        while True:
            reply = self.client.get_control_msg(timeout=TIMEOUT)
            if reply["parent_header"].get("msg_id") == message["header"]["msg_id"]:
                break
        assert reply["msg_type"] == "debug_reply"
        content = reply["content"]
        assert content["type"] == "response" and content["command"] == command
        assert content["request_seq"] == self.seq
        return content

    def do(self, command, **arguments):
        """The body of a reply that must be a success."""
        reply = self.request(command, **arguments)
        assert reply["success"], str(reply)
        return reply.get("body", {})

    def _read(self, deadline):
        message = self.client.get_iopub_msg(timeout=deadline - time.monotonic())
        parent = message["parent_header"].get("msg_id")
        if message["msg_type"] == "debug_event":
            assert message["content"]["type"] == "event"
            self.events.append(message["content"])
        elif message["msg_type"] in OUTPUTS:
            self.outputs.append(message["content"])
        elif message["content"].get("execution_state") == "idle":
            self.idle.add(parent)

    def event(self, name):
        """The next event of this name; what came before it is forgotten."""
        deadline = time.monotonic() + TIMEOUT
        while True:
            while self.events:
                event = self.events.pop(0)
                if event["event"] == name:
                    return event
            self._read(deadline)

    def finish(self, msg_id):
        """The reply of a cell, and all text that it wrote."""
        deadline = time.monotonic() + TIMEOUT
        while msg_id not in self.idle:
            self._read(deadline)
        while True:
            reply = self.client.get_shell_msg(timeout=TIMEOUT)
            if reply["parent_header"].get("msg_id") == msg_id:
                break
        text = "".join(output.get("text", "") for output in self.outputs)
        return reply["content"], text

    def wait_until_they_wait(self, ranks, ms):
        """Returns when these ranks have been in one MPI call for so long.  IOPub is
        left as it is."""
        while True:
            message = self.client.session.msg("usage_request", {})
            self.client.control_channel.send(message)
            usage = self.client.get_control_msg(timeout=TIMEOUT)["content"]["ranks"]
            calls = [(usage[rank]["cell"] or {}).get("waits") or {} for rank in ranks]
            if all(call.get("since_ms", 0) > ms for call in calls):
                return

    def start(self):
        self.do("initialize", clientID="test", adapterID="", pathFormat="path",
                linesStartAt1=True, columnsStartAt1=True, supportsVariableType=True)
        self.do("attach")

    def breakpoints(self, code, *lines, **more):
        """Sets them in a cell; returns its path."""
        path = self.do("dumpCell", code=code)["sourcePath"]
        body = self.do("setBreakpoints", source={"path": path},
                       breakpoints=[{"line": line, **more} for line in lines],
                       sourceModified=False)
        assert [point["verified"] for point in body["breakpoints"]] == [True] * len(lines)
        self.do("configurationDone")
        return path

    def run_to(self, code, *lines, prefix=""):
        """Runs the cell to its first breakpoint; (its msg_id, the stopped event)."""
        self.outputs.clear()
        self.breakpoints(prefix + code, *lines)
        msg_id = self.kernel.send(prefix + code, self.client)
        return msg_id, self.event("stopped")["body"]

    def frames(self, thread):
        return self.do("stackTrace", threadId=thread)["stackFrames"]

    def variables(self, frame, scope=0):
        scopes = self.do("scopes", frameId=frame)["scopes"]
        body = self.do("variables", variablesReference=scopes[scope]["variablesReference"])
        return {found["name"]: found for found in body["variables"]}


@pytest.fixture(params=["mpi-1", "mpi-4"])
def world(request, kernels):
    return kernels(request.param)


@pytest.fixture
def debugger(world):
    debugger = Debugger(world)
    debugger.start()
    yield debugger
    debugger.do("disconnect", restart=False, terminateDebuggee=False)


def test_it_is_advertised(world):
    for channel in "shell", "control":
        info = world.request("kernel_info_request", {}, channel).content
        assert "debugger" in info["supported_features"]


def test_info_before_it_is_started(world):
    debugger = Debugger(world)
    info = debugger.do("debugInfo")
    assert info["isStarted"] is False and info["breakpoints"] == []
    assert info["stoppedThreads"] == [] and info["hashMethod"] == "Murmur2"
    assert info["tmpFilePrefix"].endswith("/") and info["tmpFileSuffix"] == ".py"
    assert not debugger.request("stackTrace", threadId=1)["success"]
    assert not debugger.request("no such command")["success"]


def test_a_breakpoint_and_what_is_there(debugger):
    msg_id, stopped = debugger.run_to(CELL, 2)
    assert stopped["reason"] == "breakpoint"
    thread = stopped["threadId"]
    info = debugger.do("debugInfo")
    assert info["isStarted"] and info["stoppedThreads"] == [thread]
    assert [p["line"] for b in info["breakpoints"] for p in b["breakpoints"]] == [2]
    frames = debugger.frames(thread)
    assert [(frame["name"], frame["line"]) for frame in frames[:2]] == [
        ("area", 2), ("<module>", 5)]
    assert frames[0]["source"]["path"] == debugger.do("dumpCell", code=CELL)["sourcePath"]
    assert len(frames) == 2, frames
    found = debugger.variables(frames[0]["id"])
    assert found["width"]["value"] == "6" and found["height"]["value"] == "7"
    assert "names" not in found
    debugger.do("continue", threadId=thread)
    assert debugger.event("continued")
    reply, text = debugger.finish(msg_id)
    assert reply["status"] == "ok"
    assert expand(text, debugger.kernel.ranks) == [["the end 42"]] * debugger.kernel.ranks


def test_steps(debugger):
    msg_id, stopped = debugger.run_to(CELL, 5)
    thread = stopped["threadId"]
    where = []
    for command in "stepIn", "next", "next", "next":
        debugger.do(command, threadId=thread)
        debugger.event("stopped")
        where.append([(f["name"], f["line"]) for f in debugger.frames(thread)][0])
    assert where == [("area", 2), ("area", 3), ("<module>", 6), ("<module>", 7)]
    debugger.do("next", threadId=thread)  # out of the cell
    assert debugger.finish(msg_id)[0]["status"] == "ok"
    assert debugger.kernel.run("1 + 1").result == "2"


def test_step_out(debugger):
    msg_id, stopped = debugger.run_to(CELL, 2)
    debugger.do("stepOut", threadId=stopped["threadId"])
    debugger.event("stopped")
    assert debugger.frames(stopped["threadId"])[0]["name"] == "<module>"
    debugger.do("continue", threadId=stopped["threadId"])
    assert debugger.finish(msg_id)[0]["status"] == "ok"


def test_rich_inspection_and_copy_to_globals(debugger):
    code = ("class Shape:\n    def _repr_html_(self):\n        return '<b>shape</b>'\n"
            "def make(size):\n    shape = Shape()\n    copied = size + 1\n    return shape\n"
            "made = make(41)")
    msg_id, stopped = debugger.run_to(code, 7)
    frame = debugger.frames(stopped["threadId"])[0]["id"]
    shown = debugger.do("richInspectVariables", variableName="shape", frameId=frame)
    assert shown["data"]["text/html"] == "<b>shape</b>" and "text/plain" in shown["data"]
    assert not debugger.request("richInspectVariables", variableName="nothing",
                                frameId=frame)["success"]
    assert debugger.do("evaluate", expression="size * 2", frameId=frame,
                       context="repl")["result"] == "82"
    debugger.do("copyToGlobals", srcVariableName="copied", dstVariableName="copied_here",
                srcFrameId=frame)
    assert not debugger.request("copyToGlobals", srcVariableName="a.b",
                                dstVariableName="c", srcFrameId=frame)["success"]
    debugger.do("continue", threadId=stopped["threadId"])
    assert debugger.finish(msg_id)[0]["status"] == "ok"
    found = {v["name"]: v for v in debugger.do("inspectVariables")["variables"]}
    assert found["copied_here"]["value"] == "42"
    shown = debugger.do("richInspectVariables", variableName="made")
    assert shown["data"]["text/html"] == "<b>shape</b>"


def test_variables_while_nothing_stands_still(world):
    world.run("numbers = {'one': 1, 'more': [2, 3]}; word = 'text'")
    debugger = Debugger(world)  # not started
    found = {v["name"]: v for v in debugger.do("inspectVariables")["variables"]}
    assert found["word"]["value"] == "'text'" and found["word"]["type"] == "str"
    assert "In" not in found and "_i" not in found and "get_ipython" not in found
    below = debugger.do("variables",
                        variablesReference=found["numbers"]["variablesReference"])
    assert [(v["name"], v["value"]) for v in below["variables"]] == [
        ("'one'", "1"), ("'more'", "[2, 3]")]
    assert below["variables"][1]["evaluateName"] == "numbers['more']"
    shown = debugger.do("richInspectVariables", variableName="word")
    assert shown["data"]["text/plain"] == "'text'"


def test_variables_while_a_cell_runs_do_not_run_its_code(debugger):
    kernel = debugger.kernel
    kernel.run("class Odd:\n    def __repr__(self):\n        calls.append(1)\n"
               "        return 'odd'\nodd = Odd(); calls = []")
    msg_id = kernel.send("import time\nprint('runs', flush=True)\ntime.sleep(60)")
    kernel.wait_output(msg_id, "runs")
    found = {v["name"]: v for v in debugger.do("inspectVariables")["variables"]}
    assert "Odd" in found["odd"]["value"]
    kernel.interrupt()
    kernel.collect(msg_id)
    assert kernel.run("len(calls)").result == "0"


def test_source_and_modules(debugger):
    path = debugger.do("dumpCell", code=CELL)["sourcePath"]
    assert debugger.do("source", source={"path": path})["content"] == CELL
    file = debugger.do("modules")["modules"][0]["path"]
    assert debugger.do("source", source={"path": file})["content"] == open(file).read()
    assert not debugger.request("source", source={"path": "/no/such.py"})["success"]
    assert not debugger.request("source")["success"]


def test_conditions_and_exceptions(debugger):
    code = "squares = []\nfor i in range(5):\n    squares.append(i * i)\n1 / 0"
    debugger.breakpoints(code, 3, condition="i == 3")
    debugger.do("setExceptionBreakpoints", filters=["raised"])
    msg_id = debugger.kernel.send(code)
    stopped = debugger.event("stopped")["body"]
    frame = debugger.frames(stopped["threadId"])[0]["id"]
    assert debugger.do("evaluate", expression="squares", frameId=frame,
                       context="repl")["result"] == "[0, 1, 4]"
    debugger.do("continue", threadId=stopped["threadId"])
    stopped = debugger.event("stopped")["body"]
    assert stopped["reason"] == "exception"
    thread = stopped["threadId"]
    assert "ZeroDivisionError" in debugger.do("exceptionInfo", threadId=thread)["exceptionId"]
    debugger.do("setExceptionBreakpoints", filters=[])
    debugger.do("continue", threadId=thread)
    reply, _ = debugger.finish(msg_id)
    assert reply["ename"] == "ZeroDivisionError"


def test_pause(debugger):
    msg_id = debugger.kernel.send("import time\ngoes_on = True\nprint('loop', flush=True)\n"
                                  "while goes_on:\n    time.sleep(0.01)")
    debugger.kernel.wait_output(msg_id, "loop")
    (thread,) = [t["id"] for t in debugger.do("threads")["threads"]
                 if t["name"] == "MainThread"]
    debugger.do("pause", threadId=thread)
    assert debugger.event("stopped")["body"]["reason"] == "pause"
    frame = debugger.frames(thread)[0]["id"]
    debugger.do("setExpression", expression="goes_on", value="False", frameId=frame)
    debugger.do("continue", threadId=thread)
    if debugger.kernel.ranks > 1:
        debugger.kernel.interrupt()  # the ranks beside it
    debugger.finish(msg_id)


def test_stop_at_a_breakpoint(debugger):
    kernel = debugger.kernel
    code = ("from mpi4py import MPI\nkept = MPI.COMM_WORLD.rank\nat = 'breakpoint'\n"
            "MPI.COMM_WORLD.Barrier()\nwhile True: pass")
    msg_id, _ = debugger.run_to(code, 3)
    kernel.interrupt()
    reply, _ = debugger.finish(msg_id)
    assert reply["status"] == "error" and reply["ename"] == "KeyboardInterrupt"
    assert debugger.do("debugInfo")["stoppedThreads"] == []
    size = kernel.ranks
    assert kernel.run("MPI.COMM_WORLD.allreduce(kept)").result == str(size * (size - 1) // 2)
    msg_id, stopped = debugger.run_to(CELL, 5)  # it still stops
    debugger.do("continue", threadId=stopped["threadId"])
    assert debugger.finish(msg_id)[0]["status"] == "ok"


def test_ranks_that_wait_for_one_at_a_breakpoint(kernels):
    """For longer than a standstill would take: nobody is told of one, and nobody's
    wait ends."""
    kernel = kernels("mpi-4")
    debugger = Debugger(kernel)
    debugger.start()
    code = ("from mpi4py import MPI\ncomm = MPI.COMM_WORLD\nmine = comm.rank\n"
            "total = comm.allreduce(mine)\nprint('sum', total)")
    msg_id, stopped = debugger.run_to(code, 4)
    assert debugger.frames(stopped["threadId"])[0]["line"] == 4
    debugger.do("continue", threadId=stopped["threadId"])
    reply, text = debugger.finish(msg_id)
    assert reply["status"] == "ok" and text == "sum 6\n"
    debugger.do("disconnect")


@pytest.fixture(scope="module", params=[1, 4])
def hasty(request):
    """Reports a standstill sooner than others, and not because ranks are slow."""
    with Kernel(request.param, env={"RANKBOOK_STANDSTILL_MS": "1500"}) as kernel:
        kernel.run("from mpi4py import MPI\ncomm = MPI.COMM_WORLD\nmine = comm.rank")
        debugger = Debugger(kernel)
        debugger.start()
        yield debugger


def test_a_breakpoint_is_no_standstill(hasty):
    """The others wait for the user; and Stop still ends their waits."""
    kernel = hasty.kernel
    for is_stopped in False, True:
        code = f"mine = comm.rank\ncomm.Barrier()\nprint('met {is_stopped}')"
        msg_id, stopped = hasty.run_to(code, 2)
        hasty.wait_until_they_wait(range(1, kernel.ranks), 2000)
        if is_stopped:
            kernel.client.control_channel.send(
                kernel.client.session.msg("interrupt_request", {}))
        else:
            hasty.do("continue", threadId=stopped["threadId"])
        reply, text = hasty.finish(msg_id)
        assert "nobody moves" not in text
        assert reply["status"] == ("error" if is_stopped else "ok"), text
    assert kernel.run("comm.allreduce(1)").result == str(kernel.ranks)


def test_a_rank_that_waits_for_its_thread_at_a_breakpoint(hasty):
    """It waits in MPI, and is at a breakpoint nevertheless."""
    kernel = hasty.kernel
    # the thread comes to its breakpoint when the other is inside sendrecv()
    code = ("import threading\ndef work():\n    word = comm.recv(source=comm.rank, tag=2)\n"
            "    comm.send(word, dest=comm.rank, tag=3)\n"
            "thread = threading.Thread(target=work)\nthread.start()\n"
            "print(comm.sendrecv('sent', comm.rank, 2, source=comm.rank, recvtag=3))\n"
            "thread.join()")
    msg_id, stopped = hasty.run_to(code, 4)
    hasty.wait_until_they_wait([0], 2000)
    hasty.do("continue", threadId=stopped["threadId"])
    reply, text = hasty.finish(msg_id)
    assert reply["status"] == "ok" and "nobody moves" not in text
    # the limit is what it was meant to be: without a breakpoint it is reported
    msg_id = kernel.send("comm.recv(source=comm.rank, tag=4)")
    kernel.wait_output(msg_id, "nobody moves")
    kernel.interrupt()
    assert kernel.collect(msg_id).content["ename"] == "KeyboardInterrupt"


def test_a_task_that_outlives_its_cell(debugger):
    """Between cells nothing stands still; within the next it may, and goes on."""
    kernel = debugger.kernel
    code = ("import asyncio\nlater, done = asyncio.Event(), asyncio.Event()\n"
            "async def work():\n    first = 'between'\n    print(first)\n"
            "    await later.wait()\n    second = 'within'\n    print(second)\n"
            "    done.set()\nlater.clear()\ntask = asyncio.ensure_future(work())")
    msg_id, stopped = debugger.run_to(code, 5, 8, 10)
    assert debugger.frames(stopped["threadId"])[0]["line"] == 10
    debugger.do("continue", threadId=stopped["threadId"])
    assert debugger.finish(msg_id)[0]["status"] == "ok"
    msg_id = kernel.send("later.set()\nawait done.wait()\nprint('end')")
    stopped = debugger.event("stopped")["body"]
    frame = debugger.frames(stopped["threadId"])[0]
    assert frame["line"] == 8 and frame["name"] == "work"
    assert debugger.variables(frame["id"])["second"]["value"] == "'within'"
    debugger.do("continue", threadId=stopped["threadId"])
    reply, text = debugger.finish(msg_id)
    assert reply["status"] == "ok" and "end" in text
    assert kernel.run("task.done() and task.exception() is None").result == "True"


def test_another_rank(kernels):
    kernel = kernels("mpi-4")
    assert kernel.run("%debugger 2").content["status"] == "ok"
    kernel.run("from mpi4py import MPI")
    debugger = Debugger(kernel)
    debugger.start()
    msg_id, stopped = debugger.run_to("rank = MPI.COMM_WORLD.rank\nprint(rank)", 2)
    frame = debugger.frames(stopped["threadId"])[0]["id"]
    assert debugger.variables(frame)["rank"]["value"] == "2"
    debugger.do("continue", threadId=stopped["threadId"])
    debugger.finish(msg_id)
    refused = kernel.run("%debugger 0").content
    assert refused["ename"] == "UsageError" and "rank 2" in refused["evalue"]
    debugger.do("disconnect")
    assert kernel.run("%debugger 0").content["status"] == "ok"
    for wrong in "7", "0-1", "", "x":
        assert kernel.run(f"%debugger {wrong}").content["ename"] == "UsageError"


def test_disconnect_ends_everything(world):
    debugger = Debugger(world)
    debugger.start()
    msg_id, stopped = debugger.run_to(CELL, 5)
    debugger.do("disconnect", restart=False, terminateDebuggee=True)  # it must not
    assert debugger.finish(msg_id)[0]["status"] == "ok"
    assert debugger.do("debugInfo")["isStarted"] is False
    assert world.run(CELL).content["status"] == "ok"
    assert world.run("import sys; sys.gettrace() is None").result == "True"
    assert world.run("sys.breakpointhook is sys.__breakpointhook__").result == "True"
    debugger.start()  # and again
    msg_id, stopped = debugger.run_to(CELL, 6)
    debugger.do("continue", threadId=stopped["threadId"])
    assert debugger.finish(msg_id)[0]["status"] == "ok"
    debugger.do("disconnect")


def test_a_second_client(world):
    debugger = Debugger(world)
    debugger.start()
    client = world.connect()
    try:
        client.wait_for_ready(timeout=TIMEOUT)
        other = Debugger(world, client)
        assert other.do("debugInfo")["isStarted"]
        msg_id, stopped = debugger.run_to(CELL, 5)
        assert other.event("stopped")["body"]["threadId"] == stopped["threadId"]
        assert other.frames(stopped["threadId"])[0]["line"] == 5
        other.do("continue", threadId=stopped["threadId"])
        assert debugger.finish(msg_id)[0]["status"] == "ok"
        other.do("disconnect")
    finally:
        client.stop_channels()


@pytest.mark.parametrize("content", [
    {}, {"command": 5}, {"command": "setBreakpoints", "arguments": []},
    {"command": "setBreakpoints", "arguments": {"source": 3}}, {"command": "dumpCell"},
    {"command": "stackTrace", "seq": "x", "arguments": {"threadId": {}}},
    {"command": "variables", "arguments": {"variablesReference": "no"}}])
def test_odd_requests_are_refused(debugger, content):
    done = debugger.kernel.request("debug_request", content, "control")
    assert done.content["type"] == "response" and done.content["success"] is False
    assert done.states == ["busy", "idle"]


@pytest.mark.parametrize("ranks", [1, 4])
def test_a_rank_killed_at_a_breakpoint(ranks):
    with Kernel(ranks) as kernel:
        debugger = Debugger(kernel)
        debugger.start()
        msg_id, _ = debugger.run_to(CELL, 5)
        kill(interpreters(kernel)[0])
        assert debugger.event("terminated")
        reply, _ = debugger.finish(msg_id)
        assert reply["status"] == "error" and reply["ename"] == "RankDied"
        assert debugger.do("debugInfo")["isStarted"] is False
        assert not debugger.request("stackTrace", threadId=1)["success"]


def test_shutdown_and_restart_at_a_breakpoint():
    with Kernel(2) as kernel:
        debugger = Debugger(kernel)
        debugger.start()
        debugger.run_to(CELL, 5)
        processes = kernel.processes()
        kernel.manager.restart_kernel()
        assert not wait_gone(processes)
        kernel.client.wait_for_ready(timeout=TIMEOUT)
        debugger = Debugger(kernel)
        assert debugger.do("debugInfo")["isStarted"] is False
        debugger.start()
        msg_id, stopped = debugger.run_to(CELL, 5)
        debugger.do("continue", threadId=stopped["threadId"])
        assert debugger.finish(msg_id)[0]["status"] == "ok"
