"""Magics that speak to the notebook: what ipykernel adds to IPython's own.

Front ends take payloads from one rank, the lead of the cell; what would do nothing
but make a payload is left to it.
"""

import json
import linecache
import os

from IPython.core import page
from IPython.core.error import UsageError
from IPython.core.magic import Magics, line_magic, magics_class

from . import compiler
from .once import speaking_for_all


def _connection_file():
    """As clients name it: without its folder where they look for it."""
    path = os.environ.get("RANKBOOK_CONNECTION")
    if not path:
        raise UsageError("this kernel has no connection file")
    return path


def _for_clients(path):
    from jupyter_core.paths import jupyter_runtime_dir

    folder, name = os.path.split(path)
    return name if folder == jupyter_runtime_dir() else path


@magics_class
class NotebookMagics(Magics):
    _last_edit = ("", "")

    # ---- files, in the notebook's pager ----

    @line_magic
    def less(self, line):
        """Shows a file in the pager; one of Python in colours."""
        if not line:
            raise UsageError("%less and %more need the name of a file")
        try:
            with open(os.path.expanduser(line), encoding="utf-8") as file:
                text = file.read()
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"{line} cannot be shown: {error}") from None
        page.page(self.shell.pycolorize(text) if line.endswith(".py") else text)

    more = line_magic("more")(less)

    @line_magic
    def man(self, line):
        """Shows the page of the manual for a program, in the pager."""
        if not line:
            raise UsageError("%man needs the name of a program")
        if self.shell.is_lead:
            text = self.shell.getoutput(f"man {line} 2>&1 | col -b", split=False)
            page.page(text)

    @line_magic
    def edit(self, line):
        """Asks the front end to open a file in an editor.

        ::

            %edit [-n LINE] [-p] [-r] [WHAT]

        WHAT is a file, cells by their numbers (``1 4-8``), the name of a variable with
        code, or of an object, whose source is opened where it is defined.  Without it,
        the file is a new one.

        -n LINE  open it at this line
        -p       the same as the last time
        -r       cells as they were typed, not as they were run
        """
        if not self.shell.is_lead:
            return
        options, what = self.parse_options(line, "prn:")
        if not str(options.get("n", 1)).isdigit():
            raise UsageError("%edit -n takes the number of a line")
        last = list(self._last_edit)
        with speaking_for_all():
            file, number = self._find(what, options, last)
        self._last_edit = last
        if file is not None:
            payload = {"source": "edit_magic", "filename": os.path.realpath(file)}
            self.shell.payload_manager.write_payload({**payload, "line_number": int(number or 1)})

    ed = line_magic("ed")(edit)

    def _find(self, what, options, last):
        # IPython as well imports it when it is first needed
        from IPython.core.magics import code

        find = code.CodeMagics._find_edit_target
        try:
            file, number, _ = find(self.shell, what, options, last)
        except code.InteractivelyDefined as error:
            file, number, _ = find(self.shell, str(error.index), options, last)
        except code.MacroToEdit:
            raise UsageError("a macro cannot be edited in a notebook") from None
        if file is not None and file.startswith(compiler.FOLDER):  # a cell has none
            file = self.shell.mktempfile("".join(linecache.getlines(file)))
        return file, number

    # ---- the front end ----

    @line_magic
    def clear(self, line):
        """Clears the terminal, where the front end is one."""
        self.shell.system("clear")

    @line_magic
    def autosave(self, line):
        """Asks the classic notebook to save every so many seconds; 0: never."""
        from IPython.display import Javascript, display

        try:
            seconds = int(line)
        except ValueError:
            raise UsageError(f"%autosave takes seconds, not {line!r}") from None
        script = f"IPython.notebook.set_autosave_interval({1000 * seconds})"
        display(Javascript(script))
        print(f"Autosaving every {seconds} seconds" if seconds else "Autosave disabled")

    # ---- the kernel ----

    @line_magic
    def connect_info(self, line):
        """Shows how another client connects to this kernel."""
        path = _connection_file()
        try:
            with open(path, encoding="utf-8") as file:
                info = file.read()
        except OSError as error:
            raise UsageError(f"{path} cannot be read on this host: {error}") from None
        print(json.dumps(json.loads(info), indent=2))
        print(
            "\nAnother client on this host connects by\n"
            f"    jupyter <app> --existing {_for_clients(path)}\n"
            "and elsewhere by a file with the lines above."
        )

    @line_magic
    def qtconsole(self, line):
        """Says how a Qt console connects to this kernel."""
        command = f"jupyter qtconsole --existing {_for_clients(_connection_file())}"
        raise UsageError(f"a rank has no window: run  {command}  in a terminal")

    @line_magic
    def subshell(self, line):
        """Says that there are none."""
        print("This kernel has no subshells: cells run one after the other, and comms "
              "take their turn.")
