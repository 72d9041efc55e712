"""Names of cells in tracebacks and warnings."""

import zlib

from IPython.core.compilerop import CachingCompiler


class CellCompiler(CachingCompiler):
    """Names that are equal on all ranks, so that their warnings fold.

    The keeper knows them by their folder when it tells where a rank crashed.
    """

    def get_code_name(self, raw_code, transformed_code, number):
        return f"/tmp/rankbook/{number}-{zlib.crc32(raw_code.encode('utf-8', 'replace')):08x}.py"
