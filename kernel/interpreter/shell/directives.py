"""%%rank, %ranks, %output and %%output, as ranks see them.

The front has read them already (magics/directive.c).  Here the line leaves the cell
before IPython looks at it, and says so where it stands where nobody reads it.
"""

import re

from IPython.core.error import UsageError

_LINE = re.compile(
    r"%%rank(\s|$)|%%?output\s+(fold|rank|raw)\s*(#.*)?$|%debugger\s+\S+\s*(#.*)?$"
)


def remove(lines):
    """A transform of the cell's lines.  A blank line is left, so that tracebacks
    show the numbers of the cell; not before a cell magic, which must come first."""
    count = 0
    while count < len(lines) and _LINE.match(lines[count]):
        count += 1
    if count == 0:
        return lines
    rest = lines[count:]
    if rest and rest[0].startswith("%%"):
        return rest
    return ["\n"] * count + rest


def register(shell):
    """Magics for the places where no directive can stand."""

    def ranks(line):
        """The ranks of this kernel: alone in its cell.

        ::

            %ranks           who they are, and how
            %ranks restart   they end, and as many start anew
            %ranks 8         they end, and 8 start

        New ranks have no variables.  The kernel stays, and goes on counting cells.
        """
        raise UsageError("%ranks must stand alone in its cell")

    def where(line):
        """What each rank does, and where: alone in its cell, also while one runs."""
        raise UsageError("%where must stand alone in its cell")

    def rank(line, cell):
        """Runs the rest of the cell on some ranks: in the first line of a cell."""
        raise UsageError("%%rank must be the first line of its cell")

    def output(line, cell=None):
        """How text of several ranks is shown, from here on or in one cell.

        ::

            %output MODE     in the first line of a cell, or alone: from here on
            %%output MODE    in the first line of a cell: this cell only

        MODE is one of

        fold
            (as it is at the start) What all ranks write is shown once.  Lines that
            differ are grouped and labelled: ``[0-2] step 7``, ``[3] step 8``.
        rank
            Every line is labelled with its rank, as it comes: ``[0] step 7``.
        raw
            As it comes, without labels: pieces of lines of several ranks may mix.
        """
        raise UsageError("%output takes fold, rank or raw, and comes before the code")

    def debugger(line):
        """The rank that the debugger stops in."""
        raise UsageError("%debugger takes one rank, and comes before the code")

    shell.register_magic_function(ranks, "line", "ranks")
    shell.register_magic_function(where, "line", "where")
    shell.register_magic_function(rank, "cell", "rank")
    shell.register_magic_function(output, "line_cell", "output")
    shell.register_magic_function(debugger, "line", "debugger")
