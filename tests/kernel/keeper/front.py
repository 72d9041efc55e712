"""Plays the front for one keeper, over the wire.

Method none: no MPI is needed, and one keeper is a whole kernel.
"""

import itertools
import json
import os
import re
import select
import socket
import struct
import subprocess
import sys
import time
from pathlib import Path

BUILD = Path(os.environ.get("BUILD", Path(__file__).parents[3] / "build")).resolve()
KEEPER = BUILD / "bin" / "rankbook-keeper"
SECRET = "0123456789abcdef"
TIMEOUT = 20

HEADER = struct.Struct("<4sHHiIQQQ")
VERSION = 2
TYPES = {
    name: 1 + i
    for i, name in enumerate(
        "RUN ASK INTERRUPT INPUT_REPLY STOP BYE PING BUSY HEAL HOLD LOOK".split()
    )
}
TYPES.update(
    {
        name: 32 + i
        for i, name in enumerate(
            "HELLO READY STREAM DISPLAY RESULT COMM INPUT ANSWER DONE WAITING HEALED "
            "EXIT USAGE DEBUG SEEN".split()
        )
    }
)
NAMES = {number: name for name, number in TYPES.items()}


class Front:
    """Plays the front for one keeper."""

    def __init__(self, folder, **env):
        self.folder = folder
        (folder / "log").mkdir(exist_ok=True)
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(folder / "wire"))
        self.listener.listen()
        self.wire = None  # once the keeper has connected
        self.got = b""
        self.cells = itertools.count(1)
        self.process = subprocess.Popen(
            [KEEPER],
            env={
                **os.environ,
                "RANKBOOK_WIRE": f"ipc://{folder}/wire",
                "RANKBOOK_SECRET": SECRET,
                "RANKBOOK_RUN": str(folder),
                "RANKBOOK_RANK": "0",
                "RANKBOOK_SIZE": "1",
                "RANKBOOK_METHOD": "none",
                "RANKBOOK_PYTHON": sys.executable,
                "IPYTHONDIR": str(folder / "ipython"),
                "JPY_SECRET": "visible",
                **env,
            },
            stdin=subprocess.DEVNULL,
        )

    def send(self, kind, *frames, cell=0):
        frames = [f if isinstance(f, bytes) else json.dumps(f).encode() for f in frames]
        sizes = list(map(len, frames))
        header = HEADER.pack(
            b"RBK1", VERSION, TYPES[kind], 0, len(frames), cell, sum(sizes), 0
        )
        body = b"".join(frame + b"\0" for frame in frames)
        self.wire.sendall(header + struct.pack(f"<{len(sizes)}Q", *sizes) + body)

    def poll(self, milliseconds):
        """Whether there is something to read, by then."""
        return bool(self.got or select.select([self.wire or self.listener], [], [],
                                  milliseconds / 1000)[0])

    def _read(self, size):
        while len(self.got) < size:
            more = self.wire.recv(max(65536, size - len(self.got)))
            if not more:
                raise EOFError("the keeper is gone")
            self.got += more
        taken, self.got = self.got[:size], self.got[size:]
        return taken

    def _message(self):
        magic, version, kind, rank, count, cell, length, _ = HEADER.unpack(
            self._read(HEADER.size)
        )
        assert (magic, version, rank) == (b"RBK1", VERSION, 0)
        sizes = struct.unpack(f"<{count}Q", self._read(8 * count))
        assert length == sum(sizes)
        frames = [self._read(size + 1) for size in sizes]
        assert all(frame.endswith(b"\0") for frame in frames)
        return NAMES[kind], cell, [frame[:-1] for frame in frames]

    def recv(self, timeout=TIMEOUT):
        """(kind, cell, frames); pings while it waits."""
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            if self.got or self.poll(500):
                if self.wire is None:
                    self.wire, _ = self.listener.accept()
                return self._message()
            if self.wire:
                self.send("PING")
        raise AssertionError("nothing came from the keeper")

    def wait_for(self, kind):
        """Everything up to the first message of 'kind', which comes last."""
        seen = []
        while not seen or seen[-1][0] != kind:
            seen.append(self.recv())
        return seen

    def ready(self):
        kind, _, frames = self.recv()
        assert kind == "HELLO" and frames[0].decode() == SECRET
        self.hello = json.loads(frames[1])
        self.info = json.loads(self.wait_for("READY")[-1][2][0])
        return self

    def start(self, code, **options):
        cell = next(self.cells)
        options = {"count": cell, "lead": True, **options}
        self.send("RUN", options, code.encode(), cell=cell)
        return cell

    def jump(self, count):
        """Leaves out 'count' numbers of cells; returns the next."""
        number = next(self.cells) + count
        self.cells = itertools.count(number)
        return number

    def finish(self, cell, until="DONE"):
        result = Outcome(cell)
        for kind, number, frames in self.wait_for(until):
            result.add(kind, number, frames)
        return result

    def run(self, code, **options):
        return self.finish(self.start(code, **options))

    def stream(self, cell, text):
        """Waits until the cell has written 'text'."""
        seen = ""
        while text not in seen:
            kind, number, frames = self.recv()
            if kind == "STREAM":
                assert number == cell
                seen += frames[1].decode()
        return seen

    def interrupt(self, reason="stop", **more):
        self.send("INTERRUPT", {"reason": reason, **more})

    def ask(self, kind, content):
        self.send("ASK", kind.encode(), content, {}, cell=999)
        return json.loads(self.wait_for("ANSWER")[-1][2][0])

    def interpreter(self):
        return self.info["pid"]

    def close(self):
        if self.process.poll() is None and self.wire:
            self.send("BYE")
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.process.kill()
        elif self.process.poll() is None:
            self.process.kill()
        status = self.process.wait()
        self.hang_up()
        return status

    def hang_up(self):
        if self.wire:
            self.wire.close()
        self.wire = None
        self.listener.close()


class Outcome:
    """What one cell brought."""

    def __init__(self, cell):
        self.cell = cell
        self.text = {"stdout": "", "stderr": ""}
        self.order = []
        self.results, self.displays, self.others = [], [], []
        self.done = self.exit = None

    def add(self, kind, cell, frames):
        if kind == "STREAM":
            name, text = frames[0].decode(), frames[1].decode()
            self.text[name] += text
            self.order.append(text)
        elif kind == "RESULT":
            self.results.append(json.loads(frames[0]))
        elif kind == "DISPLAY":
            self.displays.append((frames[0].decode(), json.loads(frames[1])))
        elif kind == "DONE":
            assert cell == self.cell
            self.done = json.loads(frames[0])
        elif kind == "EXIT":
            self.exit = json.loads(frames[0])
        else:
            self.others.append((kind, cell, frames))

    @property
    def stdout(self):
        return self.text["stdout"]

    @property
    def stderr(self):
        return self.text["stderr"]

    @property
    def value(self):
        return self.results[0]["data"]["text/plain"]


def plain(text):
    """Without the colours."""
    return re.sub(r"\x1b\[[0-9;]*m", "", text)
