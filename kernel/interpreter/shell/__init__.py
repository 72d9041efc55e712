"""The IPython side of a Rankbook rank.

``rankbook-interpreter`` calls :func:`main` once Python and the record stream to
the keeper are up.  The way of a cell: loop (a record comes) -> cells (options,
transformed code) -> shell (IPython runs it) -> streams, display (what it shows)
-> cells (the word that it is done).
"""


def main():
    from .start import start

    start()
