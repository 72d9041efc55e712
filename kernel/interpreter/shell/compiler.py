"""Names of cells in tracebacks and warnings, and to debuggers."""

import os

import _rankbook
from IPython.core.compilerop import CachingCompiler

# There are files only of cells that a debugger was told about.
FOLDER = f"/tmp/rankbook-{os.getuid()}/"
SUFFIX = ".py"
SEED = 0xC70F6907


def file_of(code):
    """The name by which front ends know this cell: they hash its text too."""
    name = _rankbook.murmur2(code.encode("utf-8", "replace"), SEED)
    return f"{FOLDER}{name}{SUFFIX}"


class CellCompiler(CachingCompiler):
    """Names that are equal on all ranks, so that their warnings fold.

    The keeper knows them by their folder when it tells where a rank crashed.
    """

    def get_code_name(self, raw_code, transformed_code, number):
        return file_of(raw_code)
