"""A kernel and its client for the tests: real processes, every message validated."""

import os
import pathlib
import re
import signal
import time

import psutil
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import KernelManager
from jupyter_client.session import Session
from order import OUTPUTS
from unfold import unfold

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("BUILD", ROOT / "build"))
RANKBOOK = str(BUILD / "bin" / "rankbook")
TIMEOUT = 40


class Result:
    """What one request gave: its reply and, in order, what IOPub said of it."""

    def __init__(self, reply, messages, ranks):
        self.reply = reply
        self.ranks = ranks
        self.content = reply["content"]
        self.messages = messages
        self.outputs = [m for m in messages if m["msg_type"] in OUTPUTS]
        self.states = [m["content"]["execution_state"] for m in messages
                       if m["msg_type"] == "status"]

    def stream(self, name="stdout"):
        """The text of a stream as it was shown."""
        return "".join(m["content"]["text"] for m in self.outputs
                       if m["msg_type"] == "stream" and m["content"]["name"] == name)

    def text(self, name="stdout"):
        """The text of a stream; once where all ranks wrote the same, though the
        machine may be so slow that the front did not wait for all."""
        shown = self.stream(name)
        written = set(unfold(shown, self.ranks)) if self.ranks > 1 else {shown}
        return written.pop() if len(written) == 1 else shown

    def of(self, msg_type):
        return [m["content"] for m in self.outputs if m["msg_type"] == msg_type]

    @property
    def result(self):
        """The one result's text, or None."""
        results = self.of("execute_result")
        assert len(results) <= 1, results
        return results[0]["data"]["text/plain"] if results else None

    @property
    def error(self):
        errors = self.of("error")
        assert len(errors) == 1, self.outputs
        return errors[0]


class Kernel:
    """One kernel of 'ranks' ranks, and a blocking client.

    'wait' for its ranks to be "ready", until the client is "welcome" on IOPub (it
    would miss what is published before), or for nothing, "".  Another 'argv' starts a
    peer of ours.
    """

    def __init__(self, ranks=1, method="mpiexec", transport="tcp", env=None,
                 wait="ready", key=None, scheme=None, encryption="disabled", argv=None,
                 cwd=None):
        self.ranks, self.method = ranks, method
        self.is_ours = argv is None
        client = ("watched.WatchedClient" if self.is_ours
                  else "jupyter_client.blocking.BlockingKernelClient")
        self.manager = KernelManager(transport=transport,
                                     transport_encryption=encryption,
                                     client_class=client)
        if scheme is not None:
            self.manager.session.signature_scheme = scheme
        if key is not None:
            self.manager.session.key = key
        self.manager._kernel_spec = KernelSpec(
            argv=argv or [RANKBOOK, "kernel", "-n", str(ranks), "--start", method,
                          "-f", "{connection_file}"],
            display_name="test", language="python", interrupt_mode="message",
            metadata={"supported_encryption": ["curve"]})
        self.manager.start_kernel(env=dict(os.environ, **(env or {})), cwd=cwd)
        self.clients = []
        self.client = self.connect()
        if wait == "ready":
            self.client.wait_for_ready(timeout=TIMEOUT)
        while wait == "welcome" and (
                self.client.get_iopub_msg(timeout=TIMEOUT)["msg_type"] != "iopub_welcome"):
            pass

    def connect(self):
        """A client with a session of its own, as every front end has."""
        session = Session(key=self.manager.session.key,
                          signature_scheme=self.manager.session.signature_scheme)
        client = self.manager.client(session=session)
        self.clients.append(client)
        client.start_channels()
        return client

    @property
    def pid(self):
        return self.manager.provisioner.process.pid

    def processes(self):
        """The launcher and everything below it."""
        launcher = psutil.Process(self.pid)
        return [launcher, *launcher.children(recursive=True)]

    def send(self, code, client=None, **options):
        return (client or self.client).execute(code, **options)

    def collect(self, msg_id, client=None, channel="shell", timeout=TIMEOUT):
        """Reply and IOPub messages of one request, idle included."""
        client = client or self.client
        deadline = time.monotonic() + timeout
        messages, reply = [], None
        while True:
            message = client.get_iopub_msg(timeout=deadline - time.monotonic())
            if message["parent_header"].get("msg_id") != msg_id:
                continue
            messages.append(message)
            if (message["msg_type"] == "status"
                    and message["content"]["execution_state"] == "idle"):
                break
        receive = client.get_shell_msg if channel == "shell" else client.get_control_msg
        while reply is None:
            message = receive(timeout=deadline - time.monotonic())
            if message["parent_header"].get("msg_id") == msg_id:
                    reply = message
        return Result(reply, messages, self.ranks)

    def run(self, code, client=None, timeout=TIMEOUT, **options):
        return self.collect(self.send(code, client, **options), client, timeout=timeout)

    def request(self, msg_type, content, channel="shell", client=None):
        client = client or self.client
        message = client.session.msg(msg_type, content)
        getattr(client, f"{channel}_channel").send(message)
        return self.collect(message["header"]["msg_id"], client, channel)

    def assist(self, msg_type, content, channel="shell"):
        """What a rank at work says of code.  It has 300 ms for it, which may not be
        enough beside other processes: an empty answer is asked for once more."""
        deadline = time.monotonic() + TIMEOUT
        while True:
            said = self.request(msg_type, content, channel).content
            if said.get("matches") or said.get("found") or time.monotonic() > deadline:
                return said

    def interrupt(self):
        return self.request("interrupt_request", {}, "control")

    def wait_output(self, msg_id, text, timeout=TIMEOUT):
        """Returns when the cell has written 'text'."""
        seen, deadline = "", time.monotonic() + timeout
        while text not in seen:
            message = self.client.get_iopub_msg(timeout=deadline - time.monotonic())
            if (message["parent_header"].get("msg_id") == msg_id
                    and message["msg_type"] == "stream"):
                seen += message["content"]["text"]
        return seen

    def stop(self):
        self.client.stop_channels()
        if self.manager.has_kernel:
            self.manager.shutdown_kernel()
        violations = [text for client in self.clients if self.is_ours
                      for text in client.watch.violations]
        assert not violations, violations

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


def expand(text, ranks):
    """What each rank wrote: folded text without its labels."""
    lines = [[] for _ in range(ranks)]
    for line in text.splitlines():
        label = re.match(r"\[([\d,-]+)\] ", line)
        if not label:
            targets = range(ranks)
        else:
            line = line[label.end():]
            targets = [rank for part in label.group(1).split(",")
                       for ends in [[int(end) for end in part.split("-")]]
                       for rank in range(ends[0], ends[-1] + 1)]
        for rank in targets:
            lines[rank].append(line)
    return lines


def wait_gone(processes, seconds=5):
    """The processes that are still alive after 'seconds'."""
    return psutil.wait_procs(processes, timeout=seconds)[1]


def kill(process):
    os.kill(process.pid, signal.SIGKILL)


def interpreters(kernel):
    """The interpreter processes, by rank."""
    found = {}
    for process in kernel.processes():
        try:
            if process.name().startswith("rankbook-interp"):
                parent = process.parent().environ()
                rank = parent.get("PMI_RANK", parent.get("RANKBOOK_RANK"))
                found[int(rank)] = process
        except psutil.NoSuchProcess:
            pass
    return found
