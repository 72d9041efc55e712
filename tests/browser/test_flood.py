"""A cell that writes far too much, in JupyterLab: it stays usable, and nothing is lost."""

import json
import pathlib
import re

from test_lab import open_notebook, prompt, run

LINES = 1_000_000
NOTE = re.compile(r"\[(?:… )?more than [^:]*: the rest is in (.*)\]\n")
NUMBER = re.compile(r"(?:\[([\d,-]+)\] )?(0*\d{1,7})\n?")


def ranks_of(label):
    ends = ([int(end) for end in part.split("-")] for part in label.split(","))
    return [rank for first, *last in ends for rank in range(first, (last or [first])[-1] + 1)]


def follow(lines, last):
    """Every rank's lines are there, one after the other: 'last' is how far each is."""
    for line in lines:
        label, number = NUMBER.fullmatch(line).groups()
        for rank in ranks_of(label) if label else range(4):
            assert int(number) <= last[rank] + 1, line
            last[rank] = max(last[rank], int(number))


def saved(page, home):
    """Saves the notebook; returns its size and its cells."""
    page.keyboard.press("Escape")
    with page.expect_response(lambda response: response.request.method == "PUT"
                              and "/api/contents/" in response.url):
        page.keyboard.press("Control+s")
    path = max(home.glob("*.ipynb"), key=lambda path: path.stat().st_mtime_ns)
    return path.stat().st_size, json.loads(path.read_text(encoding="utf-8"))["cells"]


def test_a_flood_leaves_browser_and_notebook_usable(page, look, notebooks):
    open_notebook(page)
    page.set_default_timeout(120_000)
    cell = run(page, f"for i in range({LINES}): print(f'{{i:0>99}}')")
    prompt(cell, page)
    cell.get_by_text("the rest is in").wait_for()
    answer = run(page, "from mpi4py import MPI\nMPI.COMM_WORLD.allreduce(1)")
    prompt(answer, page)
    assert "4" in answer.locator(".jp-OutputArea-executeResult").inner_text()
    answer.scroll_into_view_if_needed()
    look("flood")
    size, cells = saved(page, notebooks)
    assert size < 12 << 20
    text = "".join("".join(output["text"]) for output in cells[0]["outputs"])
    note, last = NOTE.search(text), 4 * [-1]
    assert note and text.endswith(note.group())
    follow(text[:note.start()].splitlines(), last)
    with open(note.group(1), encoding="utf-8") as rest:
        follow(rest, last)
    pathlib.Path(note.group(1)).unlink()  # 100 MB
    assert last == 4 * [LINES - 1]
