"""What one message must look like, by the Jupyter messaging specification 5.5.

check_frames() takes a message as it came from the socket and returns it parsed; what
breaks a rule raises Violation.  Contents are described by tables: a dict of names and
kinds, where a name that ends in "?" may be missing, and no other name may be there.
What must follow what is order.py's.
"""

import datetime
import json
import re

DELIMITER = b"<IDS|MSG>"
SECTIONS = ("header", "parent_header", "metadata", "content")


class Violation(AssertionError):
    """A message that the specification does not allow."""


# ---- kinds: each is called with a value and returns whether it is one ----

def text(value):
    return isinstance(value, str)


def flag(value):
    return isinstance(value, bool)


def number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def count(value):
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def mapping(value):
    return isinstance(value, dict)


def anything(value):
    return True


def one_of(*values):
    return lambda value: any(value == v and type(value) is type(v) for v in values)


def either(*kinds):
    return lambda value: any(fits(kind, value) for kind in kinds)


def list_of(kind):
    return lambda value: isinstance(value, list) and all(fits(kind, v) for v in value)


def dict_of(kind):
    return lambda value: isinstance(value, dict) and all(
        fits(kind, item) for item in value.values())


def matching(pattern):
    return lambda value: isinstance(value, str) and re.fullmatch(pattern, value)


def at_least(kinds):
    """An object that may have more names than these."""
    return lambda value: isinstance(value, dict) and fits(
        kinds, {key: value[key] for key in value if key in kinds or key + "?" in kinds})


def fits(kind, value):
    if not isinstance(kind, dict):
        return bool(kind(value))
    if not isinstance(value, dict):
        return False
    known = {name.rstrip("?") for name in kind}
    required = {name for name in kind if not name.endswith("?")}
    return required <= value.keys() <= known and all(
        fits(item, value[name.rstrip("?")]) for name, item in kind.items()
        if name.rstrip("?") in value)


def bundle(value):
    """Mime types and their data: JSON types are JSON, all others text."""
    return isinstance(value, dict) and all(
        re.fullmatch(r"[\w.+-]+/[\w.+-]+(;.*)?", mime)
        and (text(data) or mime.endswith("json"))
        for mime, data in value.items())


def shown(value):
    """A bundle that every client can show."""
    return bundle(value) and text(value.get("text/plain"))


# ---- contents ----

DISPLAY = {"data": shown, "metadata": mapping}
NAMED = {"display_id": text}
FAILURE = {"ename": text, "evalue": text, "traceback": list_of(text)}
# The specification says that data is a dict; ipykernel passes on what it is given.
COMM = {"comm_id": text, "data": anything}
COUNT = {"execution_count": count}
OK = {"status": one_of("ok")}
PAYLOAD = either(
    {"source": one_of("page"), "data": shown, "start": count},
    {"source": one_of("set_next_input"), "text": text, "replace": flag},
    {"source": one_of("edit_magic"), "filename": text, "line_number": count},
    {"source": one_of("ask_exit"), "keepkernel": flag})
EXPRESSION = either({**OK, "data": shown, "metadata": mapping},
                    {"status": one_of("error"), **FAILURE})
LANGUAGE = {"name": text, "version": text, "mimetype": text,
            "file_extension": matching(r"\..+"), "pygments_lexer?": text,
            "codemirror_mode?": either(text, mapping), "nbconvert_exporter?": text}

IOPUB = {
    "status": {"execution_state": one_of("starting", "busy", "idle")},
    "iopub_welcome": {"subscription": text},
    "execute_input": {"code": text, **COUNT},
    "stream": {"name": one_of("stdout", "stderr"), "text": text},
    "display_data": {**DISPLAY, "transient?": {"display_id?": text}},
    "update_display_data": {**DISPLAY, "transient": NAMED},
    "execute_result": {**DISPLAY, **COUNT, "transient?": {"display_id?": text}},
    "error": FAILURE,
    "clear_output": {"wait": flag},
    "comm_open": {**COMM, "target_name": text, "target_module?": either(text, one_of(None))},
    "comm_msg": COMM,
    "comm_close": COMM,
    "debug_event": at_least({"type": one_of("event"), "event": text, "seq?": count}),
    "shutdown_reply": {**OK, "restart": flag},
}

REPLIES = {
    "execute_reply": {**OK, **COUNT, "payload": list_of(PAYLOAD),
                      "user_expressions": dict_of(EXPRESSION)},
    "inspect_reply": {**OK, "found": flag, "data": bundle, "metadata": mapping},
    "complete_reply": {**OK, "matches": list_of(text), "cursor_start": count,
                       "cursor_end": count, "metadata": mapping},
    "history_reply": {**OK, "history": list_of(list_of(anything))},
    "is_complete_reply": either(
        {"status": one_of("complete", "invalid", "unknown")},
        {"status": one_of("incomplete"), "indent": text}),
    "comm_info_reply": {**OK, "comms": dict_of({"target_name": text})},
    "kernel_info_reply": {
        **OK, "protocol_version": matching(r"5\.\d+"), "implementation": text,
        "implementation_version": text, "language_info": LANGUAGE, "banner": text,
        "debugger?": flag, "help_links?": list_of({"text": text, "url": text}),
        "supported_features?": list_of(one_of("debugger", "kernel subshells"))},
    "connect_reply": {**OK, **{f"{channel}_port": count for channel in (
        "shell", "control", "stdin", "iopub", "hb")}},
    "interrupt_reply": OK,
    "shutdown_reply": {**OK, "restart": flag},
    # of ipykernel, and of the debug adapter protocol
    "usage_reply": at_least({"hostname": text, "pid": count, "kernel_cpu": number,
                             "kernel_memory": number, "cpu_count": count,
                             "host_virtual_memory": mapping}),
    "debug_reply": either({}, {
        "type": one_of("response"), "request_seq": count, "success": flag,
        "command": text, "seq?": count, "message?": text, "body?": anything}),
}

# what an execute_reply may be instead, and what the specification says of all others
REFUSALS = {
    "execute_reply": either({"status": one_of("error"), **COUNT, **FAILURE,
                             "payload": list_of(PAYLOAD), "user_expressions": {}},
                            {"status": one_of("aborted"), **COUNT}),
    "is_complete_reply": None,
    "debug_reply": None,
}
ERROR = {"status": one_of("error"), **FAILURE}

STDIN = {"input_request": {"prompt": text, "password": flag}}

HEADER = {"msg_id": matching(".+"), "session": matching(".+"), "username": text,
          "date": text, "msg_type": text, "version": one_of("5.5"), "subshell_id?": text}


# ---- checks ----

def require(condition, rule, message):
    if not condition:
        raise Violation(f"{rule}: {json.dumps(message, default=str)[:2000]}")


def check_header(header, message):
    require(fits(HEADER, header), "header", message)
    try:
        date = datetime.datetime.fromisoformat(header["date"].replace("Z", "+00:00"))
    except ValueError:
        raise Violation(f"date is not ISO 8601: {header}") from None
    require(date.tzinfo is not None, "a date without zone", header)


def check_content(channel, message):
    kind, content = message["header"]["msg_type"], message["content"]
    known = {"iopub": IOPUB, "stdin": STDIN}.get(channel, REPLIES)
    require(kind in known, f"{kind} on {channel}", message)
    if fits(known[kind], content):
        return
    refusal = REFUSALS.get(kind, ERROR) if known is REPLIES else None
    require(refusal is not None and fits(refusal, content), f"content of {kind}", message)


def check_frames(channel, frames, digits=64):
    """The message, parsed, with its signature of so many hexadecimal digits."""
    require(DELIMITER in frames, "no delimiter", [repr(f) for f in frames])
    at = frames.index(DELIMITER)
    require(at == (1 if channel == "iopub" else 0),
            f"{at} frames before the delimiter on {channel}", [repr(f) for f in frames])
    require(len(frames) >= at + 6, "too few frames", [repr(f) for f in frames])
    signature, sections = frames[at + 1], frames[at + 2:at + 6]
    require(re.fullmatch(rb"[0-9a-f]{%d}" % digits, signature),
            "signature", repr(signature))
    message = {"signature": signature}
    for name, data in zip(SECTIONS, sections):
        try:
            message[name] = json.loads(data, parse_constant=_no_constant)
        except ValueError as error:
            raise Violation(f"{name} is no JSON ({error}): {data[:2000]!r}") from None
        require(isinstance(message[name], dict), f"{name} is no object", repr(data))
    check_header(message["header"], message["header"])
    check_content(channel, message)
    require(channel == "iopub" or at + 6 == len(frames), "a reply with buffers", "")
    return message


def _no_constant(name):
    raise ValueError(f"{name} is not JSON")
