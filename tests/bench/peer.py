"""One kernel, ours or ipykernel, driven over raw sockets: as little client as can be.

A full client takes longer to read a cell's messages than a kernel to write them.  This
one signs what it sends, and of what comes looks only for the few bytes that tell what
it is and to which request it belongs.
"""

import datetime
import hashlib
import hmac
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

ROOT = pathlib.Path(__file__).resolve().parents[2]
PEERS_PYTHON = ROOT / ".venv-peers/bin/python"
DELIMITER = b"<IDS|MSG>"
CHANNELS = ("shell", "control", "stdin", "iopub", "hb")


def free_ports(count):
    socks = [socket.socket() for _ in range(count)]
    for sock in socks:
        sock.bind(("127.0.0.1", 0))
    ports = [sock.getsockname()[1] for sock in socks]
    for sock in socks:
        sock.close()
    return ports


class Message:
    """What came: header, parent, metadata and content, as they came."""

    def __init__(self, frames):
        first = frames.index(DELIMITER) + 2
        self.header, self.parent, _, self.content = frames[first:first + 4]

    def answers(self, msg_id):
        return msg_id.encode() in self.parent

    def is_a(self, msg_type):
        return f'"{msg_type}"'.encode() in self.header


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
        self.key, self.session, self.count = key.encode(), secrets.token_hex(8), 0
        self.ctx = zmq.Context()
        self.argv, self.begin = argv, time.perf_counter()
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
        self.count += 1
        msg_id = f"{self.session}-{self.count}"
        now = datetime.datetime.now(datetime.timezone.utc).isoformat()
        header = {"msg_id": msg_id, "session": self.session, "username": "bench",
                  "date": now, "msg_type": msg_type, "version": "5.4"}
        parts = [json.dumps(part).encode() for part in (header, {}, {}, content)]
        digest = hmac.new(self.key, b"".join(parts), hashlib.sha256)
        self.sock[channel].send_multipart(
            [DELIMITER, digest.hexdigest().encode(), *parts])
        return msg_id

    def execute(self, code):
        return self.send("execute_request", {
            "code": code, "silent": False, "store_history": True,
            "user_expressions": {}, "allow_stdin": False, "stop_on_error": True})

    def reply(self, msg_id, channel="shell"):
        """The content of the reply."""
        while True:
            message = Message(self.sock[channel].recv_multipart())
            if message.answers(msg_id):
                return json.loads(message.content)

    def published(self, msg_id, msg_type, text, timeout_ms=60_000):
        """Waits for such a message with 'text'; False when it does not come in time."""
        while self.sock["iopub"].poll(timeout_ms):
            message = Message(self.sock["iopub"].recv_multipart())
            if (message.is_a(msg_type) and message.answers(msg_id)
                    and text in message.content):
                return True
        return False

    def idle(self, msg_id, timeout_ms=60_000):
        return self.published(msg_id, "status", b'"idle"', timeout_ms)

    def run(self, code):
        msg_id = self.execute(code)
        content = self.reply(msg_id)
        assert self.idle(msg_id)
        assert content["status"] == "ok", content

    def interrupt(self):
        """By its kernelspec: ours by message, ipykernel by signal."""
        if self.argv[0] == str(PEERS_PYTHON):
            os.killpg(self.process.pid, signal.SIGINT)
        else:
            self.reply(self.send("interrupt_request", {}, "control"), "control")

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


class Engines:
    """MPI engines of ipyparallel (engines.py); 'started' is how long that took."""

    def __init__(self, count):
        script = pathlib.Path(__file__).with_name("engines.py")
        self.process = subprocess.Popen(
            [PEERS_PYTHON, script, str(count)], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.started = float(self.process.stdout.readline())

    def execute(self, code, count):
        """Milliseconds of a round trip, the median of so many."""
        print(code, count, file=self.process.stdin, flush=True)
        return float(self.process.stdout.readline())

    def stop(self):
        self.process.stdin.close()
        self.process.wait(60)
