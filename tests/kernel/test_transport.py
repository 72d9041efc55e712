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
