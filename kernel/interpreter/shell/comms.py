"""Comms: the messages of widgets, by the functions that the comm package lets a
kernel replace.  Works without the package: then every comm is closed again.

Ranks that open the same comm at the same place share it (ids.py): it is one widget in
the browser, and what the browser says comes to all of them.
"""

import sys

import _rankbook

from . import hooks, ids, parents
from .content import encode


def _send(kind, content, metadata=None, buffers=None):
    frames = [kind.encode(), encode(content), encode(metadata or {}), *(buffers or [])]
    _rankbook.send(_rankbook.COMM, parents.current(), frames)


def _replace(comm):
    from comm.base_comm import BaseComm

    class RankComm(BaseComm):
        def __init__(self, target_name="comm", data=None, *args, **options):
            metadata, buffers = (*args, None, None)[:2]
            if len(args) < 3 and not options.get("comm_id"):
                options["comm_id"] = ids.shared(
                    encode([target_name, data, options.get("metadata", metadata)]),
                    *(options.get("buffers", buffers) or []),
                )
            super().__init__(target_name, data, *args, **options)

        def publish_msg(self, msg_type, data=None, metadata=None, buffers=None, **keys):
            data = {} if data is None else data
            content = {"data": data, "comm_id": self.comm_id, **keys}
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


def handle(kind, parent, content, metadata, buffers):
    """A comm_open, comm_msg or comm_close from the client."""
    target = manager()
    if target is None:
        if kind == "comm_open":
            _send("comm_close", {"comm_id": content.get("comm_id", ""), "data": {}})
        return
    message = {
        "header": {"msg_type": kind, **parent.get("header", {})},
        "msg_type": kind,
        "parent_header": {},
        "metadata": metadata,
        "content": content,
        "buffers": [memoryview(buffer) for buffer in buffers],
    }
    known = target.comms.get(content.get("comm_id"))
    if kind == "comm_msg" and known is not None:
        known.handle_msg(message)  # the manager would swallow what it raises
    else:
        getattr(target, kind)(None, None, message)
