"""How a client's bytes reach a kernel: transports, keys, ports, the command line."""

import json
import os
import pathlib
import subprocess
import time

import pytest
import zmq
from harness import RANKBOOK, TIMEOUT, Kernel
from jupyter_client.blocking import BlockingKernelClient

PORTS = ("shell", "control", "stdin", "iopub", "hb")


def endpoint(kernel, channel):
    info = kernel.manager.get_connection_info()
    joint = "-" if info["transport"] == "ipc" else ":"
    return f"{info['transport']}://{info['ip']}{joint}{info[channel + '_port']}"


def ask_info(kernel, **options):
    """The reply to a signed kernel_info_request on a socket with these options."""
    sock = zmq.Context.instance().socket(zmq.DEALER)
    try:
        sock.linger = 0
        for name, value in options.items():
            setattr(sock, name, value)
        sock.connect(endpoint(kernel, "shell"))
        session = kernel.client.session.clone()
        session.send(sock, session.msg("kernel_info_request", {}))
        # what is refused is not answered: the one that is answered shows the time
        # that an answer needs
        return session.recv(sock, mode=0)[1] if sock.poll(2000) else None
    finally:
        sock.close()


@pytest.mark.parametrize("ranks, method, transport", [
    (1, "none", "tcp"), (4, "mpiexec", "ipc")])
def test_encrypted(ranks, method, transport):
    with Kernel(ranks, method, transport, encryption="required") as kernel:
        assert "curve_secretkey" in kernel.manager.get_connection_info()
        assert kernel.run("2 + 2").result == "4"
        other = kernel.connect()
        other.wait_for_ready(timeout=TIMEOUT)
        assert kernel.run("3", client=other).result == "3"
        assert other.is_alive() and other.hb_channel.is_beating()
        other.stop_channels()
        assert kernel.request("kernel_info_request", {}, "control")
        public, secret = zmq.curve_keypair()
        server = kernel.manager.curve_publickey
        keys = {"curve_publickey": public, "curve_secretkey": secret}
        assert ask_info(kernel, curve_serverkey=server, **keys)["content"]["status"] == "ok"
        assert ask_info(kernel) is None
        assert ask_info(kernel, curve_serverkey=public, **keys) is None
        kernel.manager.restart_kernel()
        kernel.client.wait_for_ready(timeout=TIMEOUT)
        assert kernel.run("4 + 4").result == "8"


def test_another_signature_scheme():
    with Kernel(1, "none", scheme="hmac-sha512") as kernel:
        assert kernel.run("2 + 2").result == "4"


@pytest.mark.parametrize("key", [b"", b"k"])
def test_an_input_is_answered_over_ipc(key):
    with Kernel(1, "none", "ipc", key=key) as kernel:
        msg_id = kernel.send("input('? ')", allow_stdin=True)
        kernel.client.get_stdin_msg(timeout=TIMEOUT)
        kernel.client.input("yes")
        assert kernel.collect(msg_id).result == "'yes'"


@pytest.fixture
def start(tmp_path):
    """Starts 'rankbook kernel' on a connection file with these fields."""
    started = []

    def start_kernel(fields, *args):
        path = tmp_path / f"kernel-{len(started)}.json"
        path.write_text(json.dumps(fields))
        started.append(subprocess.Popen(
            [RANKBOOK, "kernel", "--start", "none", "-f", str(path), *args],
            stdin=subprocess.DEVNULL, env=dict(os.environ, JPY_PARENT_PID=str(os.getpid()))))
        return path

    yield start_kernel
    for process in started:
        process.terminate()
        process.wait(timeout=TIMEOUT)


def fields(**some):
    return dict({f"{name}_port": 0 for name in PORTS}, transport="tcp", ip="127.0.0.1",
                key="secret", signature_scheme="hmac-sha256", **some)


def chosen(path):
    """The connection file, when the kernel has written its ports."""
    deadline = time.monotonic() + TIMEOUT
    while time.monotonic() < deadline:
        info = json.loads(path.read_text())
        if all(info[f"{name}_port"] for name in PORTS):
            return info
        os.sched_yield()
    raise AssertionError("no port was chosen")


def run_one(path):
    """A cell by a client that knows nothing but the file."""
    client = BlockingKernelClient(connection_file=str(path))
    client.load_connection_file()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=TIMEOUT)
        reply = client.execute_interactive("6 * 7", timeout=TIMEOUT, output_hook=lambda _: None)
        return reply["content"]["status"]
    finally:
        client.stop_channels()


@pytest.mark.parametrize("transport", ["tcp", "ipc"])
def test_ports_that_are_0_are_chosen(start, tmp_path, transport):
    wanted = fields(kernel_name="mine", theirs=[1])
    if transport == "ipc":
        wanted.update(transport="ipc", ip=str(tmp_path / "k"))
    path = start(wanted)
    info = chosen(path)
    assert len({info[f"{name}_port"] for name in PORTS}) == len(PORTS)
    assert {key: info[key] for key in wanted if "port" not in key or key == "transport"} == {
        key: wanted[key] for key in wanted if "port" not in key or key == "transport"}
    assert path.stat().st_mode & 0o777 == 0o600
    assert run_one(path) == "ok"


def test_a_file_that_is_complete_is_not_written(kernels):
    text = pathlib.Path(kernels("none-1").manager.connection_file).read_text()
    # we would sort them
    assert list(json.loads(text)) != sorted(json.loads(text))


def test_options_of_other_kernels_are_ignored(start):
    path = start(fields(), "--InteractiveShell.colors=NoColor", "--IPKernelApp.x=y",
                 "--HistoryManager.hist_file=:memory:")
    chosen(path)
    assert run_one(path) == "ok"


# ---------------------------------------------------------------- large messages

LARGE = {"none-1": 20_000_000, "mpi-4": 100_000_000}
ECHO = """%%rank 0
import comm
def on_open(c, message):
    c.on_msg(lambda m: c.send({'sizes': [len(b) for b in m['buffers']]}, buffers=m['buffers']))
comm.get_comm_manager().register_target('large', on_open)
"""


def memory(kernel):
    """Resident bytes of all that is not an interpreter."""
    return sum(p.memory_info().rss for p in kernel.processes()
               if p.name() in ("rankbook-front", "rankbook-keeper"))


@pytest.fixture(params=list(LARGE))
def world(request, kernels):
    """A kernel whose front and keepers give back what a large message took, and what is
    large for it."""
    kernel, large = kernels(request.param), LARGE[request.param]
    kernel.run("pass")
    before = memory(kernel)
    yield kernel, large
    kernel.run("pass")
    # malloc() keeps some, however large the message was
    assert memory(kernel) - before < max(large / 2, 40_000_000)


def say(kernel, msg_type, buffers=None, **content):
    """Sends a comm message; the messages it brings on IOPub."""
    session = kernel.client.session
    sent = session.msg(msg_type, content)
    session.send(kernel.client.shell_channel.socket, sent, buffers=buffers)
    messages = []
    while not messages or messages[-1]["content"].get("execution_state") != "idle":
        message = kernel.client.get_iopub_msg(timeout=TIMEOUT)
        if message["parent_header"].get("msg_id") == sent["header"]["msg_id"]:
            messages.append(message)
    return messages


def test_large_buffers_both_ways(world):
    kernel, size = world
    assert kernel.run(ECHO).content["status"] == "ok"
    say(kernel, "comm_open", comm_id="large", target_name="large", data={})
    large = bytes(range(250)) * (size // 250)
    messages = say(kernel, "comm_msg", [large, b"", b"\0"], comm_id="large", data={})
    answers = [m for m in messages if m["msg_type"] == "comm_msg"]
    assert answers[0]["content"]["data"] == {"sizes": [size, 0, 1]}
    assert answers[0]["buffers"][0] == large and bytes(answers[0]["buffers"][2]) == b"\0"
    say(kernel, "comm_close", comm_id="large", data={})


def test_large_output(world):
    kernel, size = world
    done = kernel.run("%%rank 0\nfrom IPython.display import display\n"
                      f"display({{'text/plain': 'é' * {size // 4}}}, raw=True)\n"
                      f"print('printed')\nb'y' * {size // 2}")
    assert done.content["status"] == "ok"
    (shown,) = done.of("display_data")
    assert shown["data"]["text/plain"] == "é" * (size // 4)
    assert done.result == repr(b"y" * (size // 2)) and done.text() == "printed\n"


def test_large_code(world):
    kernel, size = world
    code = f"%%rank 0\nlarge = '{'x' * size}'\nlen(large)"
    done = kernel.run(code)
    assert done.content["status"] == "ok" and done.result == str(size)
    echo, = [m for m in done.messages if m["msg_type"] == "execute_input"]
    assert echo["content"]["code"] == code
