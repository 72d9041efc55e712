"""Modules that IPython and what it imports name at their start, and rarely use.

While standins.installed(), each is stood in for by a module that imports the real
one when an attribute of it is wanted.  Afterwards sys.modules is as if nobody had
imported it: whoever does gets the real one, and only the importers from before keep
a stand-in, which passes everything on.
"""

import sys
from contextlib import contextmanager
from importlib import import_module
from importlib.machinery import ModuleSpec
from types import ModuleType

# module -> functions that are taken out of it by "from module import function"
_MODULES = {
    "ipaddress": (),
    "logging.config": ("dictConfig",),
    "pprint": (),
    "tempfile": (),
}


def _function(module, name):
    def call(*args, **kwargs):
        return getattr(_real(module), name)(*args, **kwargs)

    call.__name__ = call.__qualname__ = name
    return call


def _forget(name):
    """Only a stand-in is forgotten."""
    if isinstance(sys.modules.get(name), _StandIn):
        module = sys.modules.pop(name)
        package, _, leaf = name.rpartition(".")
        if package and vars(sys.modules[package]).get(leaf) is module:
            delattr(sys.modules[package], leaf)


def _real(name):
    _forget(name)
    return import_module(name)


class _StandIn(ModuleType):
    def __getattr__(self, name):
        if name == "__path__":  # asked of every module; none of these is a package
            raise AttributeError(name)
        return getattr(_real(self.__name__), name)


class _Finder:
    wanted = set()

    @classmethod
    def find_spec(cls, name, path=None, target=None):
        return ModuleSpec(name, cls) if name in cls.wanted else None

    @staticmethod
    def create_module(spec):
        return _StandIn(spec.name)

    @classmethod
    def exec_module(cls, module):
        cls.wanted.discard(module.__name__)  # the next import is for the real one
        for name in _MODULES[module.__name__]:
            setattr(module, name, _function(module.__name__, name))


@contextmanager
def installed():
    _Finder.wanted = set(_MODULES) - set(sys.modules)
    sys.meta_path.insert(0, _Finder)
    try:
        yield
    finally:
        sys.meta_path.remove(_Finder)
        for name in _MODULES:
            _forget(name)
