"""A blocking client whose every message is validated, on every channel, both ways.

It listens at the sockets, so that it sees the frames: what jupyter_client would accept
or repair does not pass unseen.
"""

import hashlib
import json

import zmq
from jupyter_client.blocking import BlockingKernelClient
from order import Order
from validator import DELIMITER, Violation, check_frames


class Watch:
    """All channels of one client.  Violations are raised where the message is read,
    and kept: whoever reads may catch what is raised."""

    def __init__(self, digits):
        self.digits = digits  # of a signature
        self.order = Order()
        self.violations = []

    def sent(self, channel, frames):
        """Tests send what is no message, too: such is not waited for."""
        try:
            at = frames.index(DELIMITER)
            header, _, _, content = (json.loads(bytes(frame).decode("utf-8", "replace"))
                                     for frame in frames[at + 2:at + 6])
        except ValueError:
            return
        if channel != "stdin":
            self.order.sent(channel, header, content)

    def received(self, channel, frames):
        try:
            message = check_frames(channel, frames, self.digits)
            self.order.received(channel, message)
        except Violation as violation:
            self.violations.append(str(violation))
            raise


class WatchedSocket(zmq.Socket):
    watch = channel = None

    def send_multipart(self, frames, *args, **options):
        self.watch.sent(self.channel, frames)
        return super().send_multipart(frames, *args, **options)

    def recv_multipart(self, *args, **options):
        frames = super().recv_multipart(*args, **options)
        self.watch.received(self.channel, frames)
        return frames


class WatchedClient(BlockingKernelClient):
    _watch = None

    @property
    def watch(self):
        if self._watch is None:
            scheme = self.session.signature_scheme.removeprefix("hmac-")
            self._watch = Watch(
                2 * hashlib.new(scheme).digest_size if self.session.key else 0)
        return self._watch

    def _watched(self, channel, socket):
        socket = WatchedSocket.shadow(socket)
        socket.watch, socket.channel = self.watch, channel
        return socket

    def connect_shell(self, identity=None):
        return self._watched("shell", super().connect_shell(identity))

    def connect_control(self, identity=None):
        return self._watched("control", super().connect_control(identity))

    def connect_iopub(self, identity=None):
        return self._watched("iopub", super().connect_iopub(identity))

    def connect_stdin(self, identity=None):
        return self._watched("stdin", super().connect_stdin(identity))
