"""What is to be done when a module is imported for the first time.

Start-up is short because what few cells need is not imported; these hooks see it
when a cell does.
"""

import sys

_waiting = {}


class _Finder:
    @staticmethod
    def find_spec(name, path=None, target=None):
        call = _waiting.pop(name, None)
        if call is None:
            return None
        for finder in sys.meta_path:
            if finder is _Finder:
                continue
            spec = finder.find_spec(name, path, target)
            if spec is not None and spec.loader is not None:
                _wrap(spec.loader, name, call)
                return spec
        _waiting[name] = call
        return None


def _wrap(loader, name, call):
    execute = loader.exec_module

    def exec_module(module):
        execute(module)
        call(module)

    loader.exec_module = exec_module


def on_import(name, call):
    """Calls call(module) when 'name' is imported, at once if it has been."""
    if name in sys.modules:
        call(sys.modules[name])
    else:
        _waiting[name] = call


def install():
    sys.meta_path.insert(0, _Finder)
