"""While a cell runs: what is answered at once, whatever the ranks do."""

import pytest
from harness import TIMEOUT

BUSY = {
    "computes": "while True: pass",
    "sleeps": "import time; time.sleep(600)",
    "awaits": "import asyncio; await asyncio.sleep(600)",
    "receives": "from mpi4py import MPI; MPI.COMM_WORLD.recv(source=MPI.ANY_SOURCE)",
}


@pytest.fixture(params=BUSY)
def busy(request, world):
    """A kernel in whose ranks a cell runs, and the cell."""
    world.run("busy_name = 'kept'\ndef described():\n    'what it says'")
    world.cell = world.send(f"print('begun', flush=True)\n{BUSY[request.param]}")
    world.wait_output(world.cell, "begun")
    yield world
    world.interrupt()
    assert world.collect(world.cell).content["ename"] == "KeyboardInterrupt"
    assert world.run("busy_name").result == "'kept'"


@pytest.mark.parametrize("channel", ["shell", "control"])
def test_everything_is_answered(busy, channel):
    def ask(msg_type, **content):
        return busy.request(msg_type, content, channel).content

    assert ask("kernel_info_request")["status"] == "ok"
    assert ask("comm_info_request")["status"] == "ok"
    assert ask("is_complete_request", code="for x in y:")["status"] == "incomplete"
    assert "busy_name" in busy.assist(
        "complete_request", {"code": "busy_n", "cursor_pos": 6}, channel)["matches"]
    said = busy.assist("inspect_request", {"code": "described", "cursor_pos": 9,
                                           "detail_level": 0}, channel)
    assert said["found"] and "what it says" in said["data"]["text/plain"]
    assert ask("history_request", output=False, raw=True, hist_access_type="tail",
               n=1)["history"]
    assert {entry["state"] for entry in ask("usage_request")["ranks"]} == {"busy"}


def test_history_may_take_its_time(world):
    """The rank cannot answer for two seconds; others get their replies meanwhile."""
    world.run("'kept in the history'")
    cell = world.send("import ctypes\nprint('begun', flush=True)\n"
                      "ctypes.PyDLL(None).usleep(2000000)")
    world.wait_output(cell, "begun")
    request = world.client.session.msg("history_request", {
        "output": False, "raw": True, "hist_access_type": "search",
        "pattern": "'kept in*", "n": 1})
    world.client.shell_channel.send(request)
    assert world.request("kernel_info_request", {}).content["status"] == "ok"
    reply = world.client.get_shell_msg(timeout=TIMEOUT)
    while reply["parent_header"]["msg_id"] != request["header"]["msg_id"]:
        reply = world.client.get_shell_msg(timeout=TIMEOUT)
    assert [entry[2] for entry in reply["content"]["history"]] == ["'kept in the history'"]
    assert world.run("1").result == "1"


def usage(kernel):
    return kernel.request("usage_request", {}, "control").content


def test_usage_of_an_idle_kernel(world):
    first, second = usage(world), usage(world)
    assert [entry["rank"] for entry in second["ranks"]] == list(range(world.ranks))
    for entry in second["ranks"]:
        assert entry["state"] == "idle" and "cell" not in entry
        assert entry["memory"] > 10 << 20 and entry["pid"] > 0
    assert second["kernel_memory"] == sum(e["memory"] for e in second["ranks"])
    memory = second["host_virtual_memory"]
    assert 0 < memory["available"] <= memory["total"] and 0 < memory["percent"] < 100
    assert 0 <= second["kernel_cpu"] and first["cpu_count"] >= 1


def test_usage_says_who_runs_what_and_who_waits_for_whom(kernels):
    kernel = kernels("mpi-4")
    cell = kernel.send("%%rank 0-2\nfrom mpi4py import MPI\nif MPI.COMM_WORLD.rank: "
                       "MPI.COMM_WORLD.recv(source=0, tag=5)\nelse:\n"
                       "    print('begun', flush=True)\n    while True: pass")
    kernel.wait_output(cell, "begun")
    while True:  # who waits for half a second is said to wait
        ranks = usage(kernel)["ranks"]
        if all(ranks[rank]["cell"]["waits"] for rank in (1, 2)):
            break
    assert [entry["state"] for entry in ranks] == ["busy"] * 3 + ["idle"]
    assert {entry["cell"]["msg_id"] for entry in ranks[:3]} == {cell}
    assert ranks[0]["cell"]["waits"] is None
    for rank in (1, 2):
        waits = ranks[rank]["cell"]["waits"]
        assert (waits["call"], waits["peer"], waits["tag"]) == ("Recv", 0, 5) or (
            "recv" in waits["call"].lower()), waits
        assert 0 < waits["since_ms"] <= ranks[rank]["cell"]["since_ms"]
    kernel.interrupt()
    done = kernel.collect(cell, timeout=TIMEOUT)
    assert done.content["execution_count"] == ranks[0]["cell"]["execution_count"]
