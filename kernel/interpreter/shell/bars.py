"""tqdm's bar for notebooks, where there are many ranks.

A widget can show one rank's progress.  As text, the bars of all ranks become one
display, with the slowest and the fastest of them; so that is what ranks draw.
"""

from . import hooks


def _fold(notebook):
    from tqdm.std import tqdm as tqdm_text

    class tqdm_notebook(tqdm_text):
        """As in tqdm.notebook, drawn as text."""

        def __init__(self, *args, display=True, ncols=None, **options):
            if not isinstance(ncols, int):  # "100%", "60px"
                ncols = None
            super().__init__(*args, ncols=ncols, **options)

    notebook.tqdm_notebook = notebook.tqdm = tqdm_notebook


def install(size):
    if size > 1:
        hooks.on_import("tqdm.notebook", _fold)
