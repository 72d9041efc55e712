"""Comms: the messages of widgets, by the functions that the comm package lets a
kernel replace.  Works without the package: then every comm is closed again."""

import sys

import _rankbook

from . import hooks, parents
from .content import encode


def _send(kind, content, metadata=None, buffers=None):
    frames = [kind.encode(), encode(content), encode(metadata or {}), *(buffers or [])]
    _rankbook.send(_rankbook.COMM, parents.current(), frames)


def _replace(comm):
    from comm.base_comm import BaseComm

    class RankComm(BaseComm):
        def publish_msg(self, msg_type, data=None, metadata=None, buffers=None, **keys):
            content = {"data": data or {}, "comm_id": self.comm_id, **keys}
            _send(msg_type, content, metadata, buffers)

    def create_comm(*args, **kwargs):
        return RankComm(*args, **kwargs)

    comm.create_comm = create_comm


def install():
    hooks.on_import("comm", _replace)


def manager():
    """The comm package's manager, or None when nothing has imported it."""
    comm = sys.modules.get("comm")
    return comm.get_comm_manager() if comm else None


def info(target_name=None):
    """The content of comm_info_reply, less its status."""
    comms = manager().comms if manager() else {}
    return {
        "comms": {
            comm_id: {"target_name": comm.target_name}
            for comm_id, comm in list(comms.items())
            if target_name is None or comm.target_name == target_name
        }
    }


def handle(kind, content, metadata, buffers):
    """A comm_open, comm_msg or comm_close from the client."""
    target = manager()
    if target is None:
        if kind == "comm_open":
            _send("comm_close", {"comm_id": content.get("comm_id", ""), "data": {}})
        return
    message = {
        "header": {"msg_type": kind},
        "msg_type": kind,
        "parent_header": {},
        "metadata": metadata,
        "content": content,
        "buffers": buffers,
    }
    getattr(target, kind)(None, None, message)
