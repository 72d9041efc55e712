"""One kernel, ours or ipykernel, driven over raw sockets: as little client as can be."""

import json
import os
import pathlib
import secrets
import signal
import socket
import subprocess
import tempfile
import time

import psutil
import zmq
from jupyter_client.session import Session

ROOT = pathlib.Path(__file__).resolve().parents[2]
CHANNELS = ("shell", "control", "stdin", "iopub", "hb")


def free_ports(count):
    socks = [socket.socket() for _ in range(count)]
    for sock in socks:
        sock.bind(("127.0.0.1", 0))
    ports = [sock.getsockname()[1] for sock in socks]
    for sock in socks:
        sock.close()
    return ports


class Peer:
    """A kernel process and its sockets; 'begin' is when it was started."""

    def __init__(self, argv):
        self.folder = tempfile.TemporaryDirectory(prefix="rankbook-bench-")
        self.path = os.path.join(self.folder.name, "kernel.json")
        key = secrets.token_hex(16)
        self.info = {f"{name}_port": port
                     for name, port in zip(CHANNELS, free_ports(5))}
        self.info |= {"transport": "tcp", "ip": "127.0.0.1", "key": key,
                      "signature_scheme": "hmac-sha256"}
        with open(self.path, "w") as file:
            json.dump(self.info, file)
        self.session = Session(key=key.encode())
        self.ctx = zmq.Context()
        self.begin = time.perf_counter()
        self.process = subprocess.Popen(
            [arg.replace("{connection_file}", self.path) for arg in argv],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, start_new_session=True)
        self.sock = {name: self.connect(name, kind) for name, kind in (
            ("shell", zmq.DEALER), ("control", zmq.DEALER), ("iopub", zmq.SUB))}
        self.sock["iopub"].subscribe(b"")

    def connect(self, name, kind):
        sock = self.ctx.socket(kind)
        sock.linger = 0
        sock.reconnect_ivl = 1
        sock.connect(f"tcp://127.0.0.1:{self.info[name + '_port']}")
        return sock

    def send(self, msg_type, content, channel="shell"):
        message = self.session.msg(msg_type, content)
        self.session.send(self.sock[channel], message)
        return message["header"]["msg_id"]

    def reply(self, msg_id, channel="shell"):
        while True:
            frames = self.session.feed_identities(self.sock[channel].recv_multipart())[1]
            message = self.session.deserialize(frames)
            if message["parent_header"].get("msg_id") == msg_id:
                return message

    def idle(self, msg_id, timeout_ms=60_000):
        """Waits for the end of a request; False when it does not come in time."""
        while self.sock["iopub"].poll(timeout_ms):
            frames = self.session.feed_identities(self.sock["iopub"].recv_multipart())[1]
            message = self.session.deserialize(frames)
            if (message["msg_type"] == "status"
                    and message["parent_header"].get("msg_id") == msg_id
                    and message["content"]["execution_state"] == "idle"):
                return True
        return False

    def run(self, code):
        msg_id = self.send("execute_request", {
            "code": code, "silent": False, "store_history": True,
            "user_expressions": {}, "allow_stdin": False, "stop_on_error": True})
        message = self.reply(msg_id)
        assert self.idle(msg_id)
        assert message["content"]["status"] == "ok", message["content"]

    def wait_started(self):
        """The kernel answers, and IOPub is subscribed."""
        msg_id = None
        while msg_id is None or not self.idle(msg_id, 200):
            msg_id = self.send("kernel_info_request", {})
            self.reply(msg_id)

    def processes(self):
        top = psutil.Process(self.process.pid)
        return [top, *top.children(recursive=True)]

    def stop(self):
        processes = self.processes() if self.process.poll() is None else []
        self.send("shutdown_request", {"restart": False}, "control")
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
        for process in psutil.wait_procs(processes, timeout=2)[1]:
            process.kill()
        self.ctx.destroy(linger=0)
        self.folder.cleanup()
