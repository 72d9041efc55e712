"""Tracebacks as IPython makes them, in half the time.

IPython makes a style and a formatter of its colours anew for each traceback, which takes
longer than all the rest of it.  Both depend on the colours alone, so they are kept.
"""

import functools

from IPython.core.ultratb import AutoFormattedTB


@functools.lru_cache(maxsize=1)
def _makers():
    """(module, name, the function there with a memory)"""
    import stack_data
    from pygments.formatters import terminal256

    places = (stack_data, "style_with_executing_node"), (terminal256, "Terminal256Formatter")
    return [
        (module, name, functools.lru_cache(maxsize=8)(getattr(module, name)))
        for module, name in places
    ]


class Traceback(AutoFormattedTB):
    def get_records(self, *args, **kwds):
        makers = _makers()
        before = [getattr(module, name) for module, name, _ in makers]
        try:
            for module, name, maker in makers:
                setattr(module, name, maker)
            return super().get_records(*args, **kwds)
        finally:
            for (module, name, _), maker in zip(makers, before):
                setattr(module, name, maker)
