"""What the content of a request must be for answers.py to rely on it."""

from .content import decode

_TEXT, _NUMBER, _FLAG = (str,), (int,), (bool, int)
_NONE = (type(None),)

# request: field: the types it may have; all but the code may be missing
_FIELDS = {
    "complete_request": {"code": _TEXT, "cursor_pos": _NUMBER + _NONE},
    "inspect_request": {
        "code": _TEXT,
        "cursor_pos": _NUMBER + _NONE,
        "detail_level": _NUMBER,
        "omit_sections": (list,),
    },
    "is_complete_request": {"code": _TEXT},
    "history_request": {
        "output": _FLAG,
        "raw": _FLAG,
        "hist_access_type": _TEXT,
        "session": _NUMBER,
        "start": _NUMBER,
        "stop": _NUMBER + _NONE,
        "n": _NUMBER + _NONE,
        "pattern": _TEXT + _NONE,
        "unique": _FLAG,
    },
    "comm_info_request": {"target_name": _TEXT + _NONE},
}
_NUMBER_MAX = 2**63


def _complaint(kind, content):
    if not isinstance(content, dict):
        return "the content is no object"
    for name, types in _FIELDS.get(kind, {}).items():
        value = content.get(name)
        if name not in content:
            if name == "code":
                return "there is no code"
        elif not isinstance(value, types):
            return f"{name} is {type(value).__name__}, not {types[0].__name__}"
        elif isinstance(value, int) and abs(value) >= _NUMBER_MAX:
            return f"{name} is too large"
    return None


def read(kind, data):
    """The content; ValueError when it is not what this kind of request has."""
    try:
        content = decode(data)
    except RecursionError:
        raise ValueError(f"{kind}: the content is nested too deeply") from None
    complaint = _complaint(kind, content)
    if complaint:
        raise ValueError(f"{kind}: {complaint}")
    return content


def refusal(kind, text):
    """The reply to content that read() did not take."""
    if kind == "is_complete_request":  # its statuses are others
        return {"status": "unknown"}
    return {
        "status": "error",
        "ename": "ValueError",
        "evalue": text,
        "traceback": [text],
    }
