"""Strict JSON for what leaves a rank: the front passes it on unread."""

import json
import math
from binascii import b2a_base64
from numbers import Integral, Real


def _default(value):
    if isinstance(value, (bytes, bytearray, memoryview)):
        return b2a_base64(value, newline=False).decode("ascii")
    if getattr(value, "ndim", None) == 0 and hasattr(value, "item"):
        value = value.item()  # of numpy and its like
        if isinstance(value, (bool, int)):
            return value
    if isinstance(value, Integral):
        return int(value)
    if isinstance(value, Real):
        value = float(value)
        return value if math.isfinite(value) else repr(value)
    if hasattr(value, "isoformat"):
        return value.isoformat()
    if isinstance(value, (set, frozenset)):
        return list(value)
    return repr(value)


_encode = json.JSONEncoder(
    ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=_default
).encode


def _clean_text(text):
    """Halves of surrogate pairs are no characters; two that belong together are."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _clean(value):
    if isinstance(value, str):
        return _clean_text(value)
    if isinstance(value, float) and not math.isfinite(value):
        return repr(float(value))
    if isinstance(value, dict):
        return {_clean_text(str(key)): _clean(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_clean(item) for item in value]
    if value is None or isinstance(value, (bool, int, float)):
        return value
    return _clean(_default(value))


def encode(content):
    """The bytes of 'content'.  What JSON cannot say becomes text: NaN, odd keys."""
    try:
        return _encode(content).encode()
    except (ValueError, TypeError):
        return _encode(_clean(content)).encode()


_decode = json.JSONDecoder().decode


def decode(data):
    return _decode(data.decode("utf-8", "replace"))
