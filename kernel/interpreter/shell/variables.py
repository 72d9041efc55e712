"""The notebook's variables, for a debugger's panel while nothing stands still."""

import re
import reprlib

_HIDDEN = re.compile(
    r"_+|_i+|_i?\d+|_[iod]h|_exit_code|In|Out|get_ipython|exit|quit|open"
    r"|__(name|doc|package|loader|spec|annotations|builtins?|display|session)__"
)
_MOST = 300  # children of one value
_PLAIN = (int, float, complex, bool, str, bytes, type(None))
_GROUPS = (list, tuple, set, frozenset, dict)


def is_hidden(name):
    """IPython's own, which no user wants to see."""
    return _HIDDEN.fullmatch(name) is not None


class _Short(reprlib.Repr):
    def __init__(self):
        super().__init__()
        self.maxstring = self.maxother = 200
        self.maxlist = self.maxtuple = self.maxset = self.maxdict = 12


_short = _Short()


def _text(value, is_cautious):
    kind = type(value)
    if is_cautious and kind not in _PLAIN:
        # to ask the object could run the user's code beside the cell
        size = f" of {len(value)}" if kind in _GROUPS else ""
        return f"<{kind.__module__}.{kind.__qualname__}{size}>"
    try:
        return _short.repr(value)
    except Exception as error:
        return f"<its repr raised {type(error).__name__}>"


def _children(value):
    """[(name, value, expression after the value's)]"""
    if isinstance(value, dict):
        found = [(repr(key), item, f"[{key!r}]") for key, item in value.items()]
    elif isinstance(value, (list, tuple)):
        found = [(str(i), item, f"[{i}]") for i, item in enumerate(value)]
    elif isinstance(value, (set, frozenset)):
        found = [(str(i), item, "") for i, item in enumerate(value)]
    else:
        own = getattr(value, "__dict__", None)
        if not isinstance(own, dict) or isinstance(value, type):
            return []
        found = [(name, item, f".{name}") for name, item in own.items()]
    return found[:_MOST]


class Variables:
    """As they are now.  References are good for this object only."""

    def __init__(self, namespace, is_cautious):
        self._is_cautious = is_cautious
        self._parents = []  # (value, expression); a reference is an index plus 1
        self._namespace = dict(namespace)

    def _describe(self, name, value, expression):
        reference = 0
        has_children = type(value) in _GROUPS or (
            not self._is_cautious and not isinstance(value, _PLAIN)
        )
        if has_children and _children(value):
            self._parents.append((value, expression))
            reference = len(self._parents)
        return {
            "name": name,
            "value": _text(value, self._is_cautious),
            "type": type(value).__name__,
            "evaluateName": expression,
            "variablesReference": reference,
        }

    def all(self):
        return [
            self._describe(name, value, name)
            for name, value in self._namespace.items()
            if not is_hidden(name)
        ]

    def children(self, reference):
        if not 1 <= reference <= len(self._parents):
            return []
        value, expression = self._parents[reference - 1]
        return [
            self._describe(name, item, expression + step if step else "")
            for name, item, step in _children(value)
        ]
