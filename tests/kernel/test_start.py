"""What the short start of a rank leaves out, and leaves behind: nothing."""

import pytest
from harness import Kernel

STANDINS = """
import gc, importlib, sys
from rankbook_shell import standins
for name in standins._MODULES:
    real = importlib.import_module(name)
    print(name, type(real).__name__, sys.modules[name] is real, real.__spec__.origin is not None)
import logging.config, tempfile
from logging.config import dictConfig
from traitlets.config import application
print(dictConfig is logging.config.dictConfig, hasattr(tempfile, 'no_such_name'))
application.dictConfig({'version': 1, 'incremental': True})
print(application.pprint.pformat({1}), gc.isenabled())
import os
print(sorted(name for name in os.environ if name.startswith(('PMI', 'UCX_TLS', 'UCX_MEM'))))
print('RANKBOOK_ONE_HOST' in os.environ)
"""


def test_modules_are_real_for_whoever_imports_them(kernel):
    lines = kernel.run(STANDINS).text().splitlines()
    assert lines == [
        "ipaddress module True True", "logging.config module True True",
        "pprint module True True", "tempfile module True True",
        "True False", "{1} True", "[]", "False"]


# what takes long to import, and a first cell does not need
HEAVY = ["IPython.core.application", "IPython.core.completer", "IPython.core.magics.code",
         "asyncio", "hashlib", "random", "shutil", "socket", "subprocess"]


@pytest.mark.parametrize("ranks, method", [(1, "none"), (4, "mpiexec")])
def test_a_start_imports_nothing_heavy(ranks, method):
    with Kernel(ranks, method) as kernel:
        names = kernel.run(f"import sys; print([n for n in {HEAVY} if n in sys.modules])")
        assert names.text() == "[]\n"
