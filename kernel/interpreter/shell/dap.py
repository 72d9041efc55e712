"""The link to debugpy, which runs in this process and speaks the Debug Adapter Protocol.

debugpy connects to a listener of ours, which takes this one connection: the one that
knows a token which nobody else on the host does.  A thread of the link reads what
debugpy says; requests are answered there too, by a call.
"""

import itertools
import os
import secrets
import select
import signal
import socket
import sys
import threading
import time

import _rankbook

from .content import decode, encode

_HOST = "127.0.0.1"
_PATIENCE = 10  # seconds for debugpy to connect
_PAUSE = 0.01  # before the main thread is signalled again


def hide(thread):
    """A debugger neither stops this thread nor shows it."""
    thread.pydev_do_not_trace = True
    thread.is_pydev_daemon_thread = True


def _request(number, command, arguments):
    return {
        "type": "request",
        "seq": number,
        "command": command,
        "arguments": arguments,
    }


class _Channel:
    """DAP messages over one connection."""

    def __init__(self, connection):
        self.connection = connection
        self._lock = threading.Lock()
        self._data = b""

    def send(self, message):
        data = encode(message)
        with self._lock:
            self.connection.sendall(b"Content-Length: %d\r\n\r\n%b" % (len(data), data))

    def _next(self):
        head, separator, rest = self._data.partition(b"\r\n\r\n")
        if not separator:
            return None
        size = int(head.rpartition(b":")[2])
        if len(rest) < size:
            return None
        self._data = rest[size:]
        return decode(rest[:size])

    def receive(self):
        """The messages that are complete after one read; EOFError at the end."""
        data = self.connection.recv(65536)
        if not data:
            raise EOFError
        self._data += data
        return list(iter(self._next, None))


def _token_of(channel):
    """Events may come before the answer; nobody has attached who would want them."""
    channel.send(_request(0, "pydevdAuthorize", {}))
    while True:
        for message in channel.receive():
            if message.get("command") == "pydevdAuthorize":
                return message["body"]["clientAccessToken"]


def _accept(listener, token):
    """The connection whose other end knows the token."""
    while True:
        connection, _ = listener.accept()
        connection.settimeout(_PATIENCE)
        channel = _Channel(connection)
        try:
            if _token_of(channel) == token:
                connection.settimeout(None)
                return channel
        except (OSError, EOFError, ValueError, LookupError):
            pass
        connection.close()


class Link:
    """All calls that it makes run in the link's thread: on_event(event), those given
    with requests, and before_signal()."""

    def __init__(self, on_event, before_signal):
        self._on_event = on_event
        self._before_signal = before_signal
        self._pending = {}
        self._numbers = itertools.count(1)
        self._wake_read, self._wake_write = os.pipe()
        self._main = threading.main_thread().ident
        self._open()
        thread = threading.Thread(target=self._run, name="rankbook-debugger", daemon=True)
        hide(thread)
        thread.start()

    def _open(self):
        # cells have no files that could be checked
        os.environ.setdefault("PYDEVD_DISABLE_FILE_VALIDATION", "1")
        hook = sys.breakpointhook
        import debugpy
        import debugpy.server  # makes pydevd importable

        import pydevd

        # pydevd takes it at its import, for ever; ours goes on asking by input()
        sys.breakpointhook = hook
        self._debugpy = debugpy
        self.folder = os.path.dirname(debugpy.__file__) + os.sep
        token = secrets.token_hex(16)
        with socket.create_server((_HOST, 0)) as listener:
            listener.settimeout(_PATIENCE)
            pydevd.settrace(
                host=_HOST,
                port=listener.getsockname()[1],
                protocol="dap",
                suspend=False,
                wait_for_ready_to_run=False,
                notify_stdin=False,
                dont_trace_start_patterns=(self.folder, os.path.dirname(__file__)),
                client_access_token=token,
            )
            self._channel = _accept(listener, token)

    def trace(self, is_wanted):
        """The calling thread, from its next call on."""
        self._debugpy.trace_this_thread(is_wanted)

    def request(self, command, arguments, then):
        """then(response), once there is one."""
        number = next(self._numbers)
        self._pending[number] = then
        self._channel.send(_request(number, command, arguments))

    def signal_again(self):
        """SIGINT for the main thread, in a moment, or as soon as it runs the user's
        code: a cell may be over in a moment.  Safe in its handler."""
        sys.setprofile(self._signal_now)
        os.write(self._wake_write, b"x")

    def _signal_now(self, frame, event, arg):
        """Python calls this where the user's code calls or returns, and never in
        debugpy's trace functions."""
        if frame.f_code.co_filename.startswith(self.folder):
            return
        sys.setprofile(None)
        if _rankbook.interrupted():
            signal.raise_signal(signal.SIGINT)

    # ---- the link's thread ----

    def _run(self):
        poll = select.poll()
        poll.register(self._channel.connection, select.POLLIN)
        poll.register(self._wake_read, select.POLLIN)
        try:
            while True:
                ready = {fd for fd, _ in poll.poll()}
                if self._channel.connection.fileno() in ready:
                    for message in self._channel.receive():
                        self._handle(message)
                if self._wake_read in ready:
                    os.read(self._wake_read, 64)
                    self._before_signal()
                    time.sleep(_PAUSE)
                    if _rankbook.interrupted():  # or the one below was the sooner
                        signal.pthread_kill(self._main, signal.SIGINT)
        except (OSError, EOFError):
            self._end()

    def _handle(self, message):
        if message.get("type") == "event":
            self._on_event(message)
            return
        then = self._pending.pop(message.get("request_seq"), None)
        if then is not None:
            then(message)

    def _end(self):
        while self._pending:
            _, then = self._pending.popitem()
            then({"success": False, "message": "the debugger has ended"})
        self._on_event({"type": "event", "seq": 0, "event": "terminated"})
