"""What the notebook asks a rank besides running cells.

answer() is for the main thread between cells.  The assist thread answers while a cell
runs, by ANSWERS_DURING_CELLS: those must not run the user's code, which could call
MPI beside the cell.
"""

import inspect
import re

from . import comms


def _rich_matches(completer, code, position):
    import warnings

    from IPython.core.completer import provisionalcompleter, rectify_completions

    with provisionalcompleter(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = list(
            rectify_completions(code, completer.completions(code, position))
        )
    start = found[0].start if found else position
    end = found[0].end if found else position
    types = [
        {
            "start": match.start,
            "end": match.end,
            "text": match.text,
            "type": match.type,
            "signature": match.signature,
        }
        for match in found
    ]
    return {
        "status": "ok",
        "matches": [match.text for match in found],
        "cursor_start": start,
        "cursor_end": end,
        "metadata": {"_jupyter_types_experimental": types},
    }


def _position(content, code):
    position = content.get("cursor_pos")
    return len(code) if position is None else max(0, min(position, len(code)))


def complete(shell, content, completer=None):
    code = content.get("code", "")
    with shell.builtin_trap:
        return _rich_matches(
            completer or shell.Completer, code, _position(content, code)
        )


_cautious_completer = None


def complete_during_cell(shell, content):
    """With a completer of its own: the shell's is the main thread's, and evaluates
    more than is safe."""
    global _cautious_completer

    if _cautious_completer is None:
        from IPython.core.completer import IPCompleter

        _cautious_completer = IPCompleter(
            shell=shell,
            namespace=shell.user_ns,
            global_namespace=shell.user_global_ns,
            use_jedi=False,
            evaluation="limited",
            parent=None,
        )
    return complete(shell, content, _cautious_completer)


def look_up(shell, content):
    from IPython.utils.tokenutil import token_at_cursor

    code = content.get("code", "")
    name = token_at_cursor(code, _position(content, code))
    reply = {"status": "ok", "found": False, "data": {}, "metadata": {}}
    try:
        bundle = shell.object_inspect_mime(
            name,
            detail_level=content.get("detail_level", 0),
            omit_sections=tuple(content.get("omit_sections", ())),
        )
    except KeyError:
        return reply
    if not shell.enable_html_pager:
        bundle.pop("text/html", None)
    return {**reply, "found": True, "data": bundle}


_PLAIN_NAME = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*")


def look_up_during_cell(shell, content):
    """Only what can be described without asking the object itself."""
    from IPython.utils.tokenutil import token_at_cursor

    code = content.get("code", "")
    name = token_at_cursor(code, _position(content, code))
    reply = {"status": "ok", "found": False, "data": {}, "metadata": {}}
    if not _PLAIN_NAME.fullmatch(name):
        return reply
    first, *rest = name.split(".")
    missing = object()
    found = shell.user_ns.get(first, missing)
    if found is missing:
        builtins = shell.user_ns.get("__builtins__", {})
        names = builtins if isinstance(builtins, dict) else vars(builtins)
        found = names.get(first, missing)
    for part in rest:
        found = inspect.getattr_static(found, part, missing)
    if found is missing or not (
        inspect.isroutine(found) or inspect.isclass(found) or inspect.ismodule(found)
    ):
        return reply
    return look_up(shell, content)


def is_complete(shell, content):
    status, indent = shell.input_transformer_manager.check_complete(
        content.get("code", "")
    )
    reply = {"status": status}
    if status == "incomplete":
        reply["indent"] = " " * (indent or 0)
    return reply


def history(shell, content):
    manager = shell.history_manager
    manager.open()
    raw, output = content.get("raw", True), content.get("output", False)
    kind, count = content.get("hist_access_type"), content.get("n")
    if kind == "tail":
        found = manager.get_tail(count, raw=raw, output=output, include_latest=True)
    elif kind == "range":
        found = manager.get_range(
            content.get("session", 0),
            content.get("start", 1),
            content.get("stop"),
            raw=raw,
            output=output,
        )
    elif kind == "search":
        found = manager.search(
            content.get("pattern") or "*",
            raw=raw,
            output=output,
            n=count,
            unique=content.get("unique", False),
        )
    else:
        found = []
    return {"status": "ok", "history": [_entry(manager, *entry) for entry in found]}


def _entry(manager, session, line, text):
    """IPython calls this session 0 in some answers, and leaves out its results when
    they are not in the file."""
    session = session or manager.session_number
    if isinstance(text, tuple) and session == manager.session_number:
        text = (text[0], manager.output_hist_reprs.get(line, text[1]))
    return [session, line, text]


def comm_info(shell, content):
    return {"status": "ok", **comms.info(content.get("target_name"))}


ANSWERS = {
    "complete_request": complete,
    "inspect_request": look_up,
    "is_complete_request": is_complete,
    "history_request": history,
    "comm_info_request": comm_info,
}

ANSWERS_DURING_CELLS = {
    **ANSWERS,
    "complete_request": complete_during_cell,
    "inspect_request": look_up_during_cell,
}

# when answering fails, and all that is known is that something must be said
_NOTHING = {
    "complete_request": {
        "status": "ok",
        "matches": [],
        "cursor_start": 0,
        "cursor_end": 0,
        "metadata": {},
    },
    "inspect_request": {"status": "ok", "found": False, "data": {}, "metadata": {}},
    "is_complete_request": {"status": "unknown"},
    "history_request": {"status": "ok", "history": []},
    "comm_info_request": {"status": "ok", "comms": {}},
}


def answer(answers, shell, kind, content):
    try:
        return answers[kind](shell, content)
    except Exception:
        reply = dict(_NOTHING[kind])
        if kind == "complete_request":
            position = _position(content, content.get("code", ""))
            reply["cursor_start"] = reply["cursor_end"] = position
        return reply
