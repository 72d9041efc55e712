"""What must follow what: the rules between messages, for one client.

Each request of the client is a small machine, fed with what the client sends and what
it receives; a message that may not come at this point raises Violation.  A request of
somebody else is watched from where this client began to listen.
"""

from validator import Violation, require

OUTPUTS = {"stream", "display_data", "update_display_data", "execute_result", "error",
           "clear_output"}
COMMS = {"comm_open", "comm_msg", "comm_close"}
# what may come with an empty parent: nobody asked for it
PARENTLESS = {"stream", "display_data", "update_display_data", "clear_output",
              "debug_event"} | COMMS
# what threads and tasks of a cell may still say when it is over
LATE = {"stream"} | COMMS
# what requests other than execute_request may bring
ASIDE = {"shutdown_request": {"shutdown_reply"}, "debug_request": {"debug_event"}}


class Request:
    """One request, and how far it has come."""

    def __init__(self, header, content=None, channel=None, session=None):
        self.header = header
        self.type = header.get("msg_type")
        self.content = content  # None: another client's
        self.channel = channel
        self.session = session  # the kernel whose IOPub was heard when it was sent
        self.state = None  # then "busy", "idle"
        self.count = None  # of execute_input
        self.result = self.error = self.reply = None
        self.has_outputs = False

    @property
    def is_silent(self):
        """What has no code is no cell: it is only answered."""
        return self.content is not None and self.type == "execute_request" and (
            self.content.get("silent") is True
            or not isinstance(self.content.get("code"), str))


class Order:
    """The rules for all that one client hears of one kernel, and of its successors."""

    def __init__(self):
        self.requests = {}
        self.late = set(LATE)
        self.has_many_results = False  # ast_node_interactivity is "all"
        self._forget_kernel(None)

    def _forget_kernel(self, session):
        self.session = session
        self.ids, self.signatures = set(), set()
        self.is_started = self.is_welcome = False

    def sent(self, channel, header, content):
        """A request leaves; a message that was sent before is the same request."""
        session = self.session if self.is_welcome else None
        self.requests.setdefault(_key(header),
                                 Request(header, content, channel, session))

    def received(self, channel, message):
        header, parent = message["header"], message["parent_header"]
        if header["session"] != self.session:
            self._forget_kernel(header["session"])
        require(header["msg_id"] not in self.ids, "a msg_id comes twice", message)
        self.ids.add(header["msg_id"])
        if message["signature"]:
            require(message["signature"] not in self.signatures,
                    "a signature comes twice", message)
            self.signatures.add(message["signature"])
        if not parent:
            self._without_parent(channel, message)
            return
        request = self.requests.setdefault(_key(parent), Request(parent))
        require(parent == request.header, "parent is not the request's header", message)
        if channel == "iopub":
            self._published(request, message)
        else:
            self._answered(request, channel, message)
        if request.reply and request.state == "idle":
            _settle(request, message)

    def _without_parent(self, channel, message):
        kind = message["header"]["msg_type"]
        require(channel == "iopub", "a reply without parent", message)
        if kind == "iopub_welcome":
            self.is_welcome = True
        elif kind == "status":
            require(message["content"]["execution_state"] == "starting",
                    "busy and idle have a parent", message)
            require(not self.is_started, "starting comes twice", message)
            self.is_started = True
        else:
            require(kind in PARENTLESS, "no parent", message)

    def _published(self, request, message):
        kind, content = message["header"]["msg_type"], message["content"]
        if request.state is None and kind != "status":
            # a client that came later hears the middle of other requests
            require(request.session is None
                    or request.session != message["header"]["session"],
                    "busy does not come first", message)
            request.state = "busy"
        if kind == "status":
            _status(request, content["execution_state"], message)
            return
        require(request.state == "busy" or kind in self.late,
                f"{kind} after idle", message)
        if kind == "execute_input":
            _input(request, content, message)
        elif kind in OUTPUTS:
            require(kind != "execute_result" or request.result is None
                    or self.has_many_results, "a second execute_result", message)
            _output(request, kind, content, message)
        else:
            require(kind in COMMS or kind in ASIDE.get(request.type, ()),
                    f"{kind} for {request.type}", message)

    def _answered(self, request, channel, message):
        kind = message["header"]["msg_type"]
        require(request.content is not None, "a reply to somebody else", message)
        if channel == "stdin":
            require(request.type == "execute_request"
                    and request.content.get("allow_stdin", True),
                    "input is not allowed", message)
            return
        require(channel == request.channel, f"sent on {request.channel}, answered on "
                f"{channel}", message)
        require(kind == request.type.replace("_request", "_reply"),
                f"{kind} to {request.type}", message)
        require(request.reply is None, "a second reply", message)
        request.reply = message["content"]


def _key(header):
    """A copy of a jupyter_client session counts its messages from 0 again."""
    return header.get("msg_id"), header.get("date")


def _status(request, state, message):
    if state == "busy":
        require(request.state is None, "busy comes twice, or late", message)
    else:
        require(state == "idle", "starting has no parent", message)
        require(request.state == "busy" or request.session is None,
                "idle without busy, or twice", message)
        require(request.state != "idle", "idle comes twice", message)
    request.state = state


def _input(request, content, message):
    require(request.type == "execute_request" and not request.is_silent,
            "execute_input is not for this request", message)
    require(request.count is None, "execute_input comes twice", message)
    require(not request.has_outputs, "output before execute_input", message)
    if request.content is not None:
        require(content["code"] == request.content["code"], "not the code sent", message)
    request.count = content["execution_count"]


def _output(request, kind, content, message):
    require(not request.is_silent, "output of a silent request", message)
    request.has_outputs = True
    if kind == "execute_result":
        require(request.type == "execute_request", "a result of no cell", message)
        require(request.count in (None, content["execution_count"]),
                "counts differ", message)
        request.result = content
    elif kind == "error":
        require(request.type == "execute_request", "an error of no cell", message)
        require(request.error is None, "a second error", message)
        request.error = content
    if request.type == "execute_request" and request.session:
        require(request.count is not None, "output before execute_input", message)


def _settle(request, message):
    """Reply and idle are there: they must agree with what was published."""
    reply = request.reply
    if request.type != "execute_request":
        return
    status = reply["status"]
    require(request.count in (None, reply["execution_count"]), "counts differ", reply)
    if status == "error" and not request.is_silent:
        require(request.error == {key: reply[key] for key in
                                  ("ename", "evalue", "traceback")},
                "error and reply differ", [request.error, reply])
    if status == "ok":
        require(request.error is None, "an error, but the reply is ok", request.error)
    if status == "aborted":
        require(request.count is None and not request.has_outputs,
                "an aborted request has outputs", message)


__all__ = ["Order", "OUTPUTS", "Violation"]
