"""JupyterLab in chromium: the launcher's cards, cells on four ranks, figures, Stop."""

import re

FOUR = "MPI Python (4 ranks)"
CELL = ".jp-Notebook .jp-CodeCell"


def open_notebook(page):
    page.click(f".jp-LauncherCard[title='{FOUR}'] >> nth=0")
    page.wait_for_selector(CELL)
    # the status bar, because the indicator is "idle" before there is a kernel
    page.locator("#jp-bottom-panel").get_by_text(f"{FOUR} | Idle").wait_for()


def run(page, code):
    """Types 'code' into the last cell, runs it; returns the cell."""
    cells = page.locator(CELL)
    index = cells.count() - 1
    cell = cells.nth(index)
    cell.locator(".cm-content").click()
    cell.locator(".cm-content").fill(code)
    page.keyboard.press("Shift+Enter")
    cells.nth(index + 1).wait_for()  # the next one
    return cells.nth(index)


def prompt(cell, page):
    """Waits until the cell is done; returns its prompt."""
    page.wait_for_function(
        "cell => /\\[\\d+\\]:/.test(cell.querySelector('.jp-InputPrompt').textContent)",
        arg=cell.element_handle())
    return cell.locator(".jp-InputPrompt").text_content()


def test_launcher_has_the_cards(page, look):
    for title in ("MPI Python (1 rank)", FOUR):
        card = page.locator(f".jp-LauncherCard[title='{title}']").first
        card.wait_for()
        assert card.locator("img").count() == 1
    look("launcher")


def test_a_cell_on_four_ranks_and_a_figure(page, look):
    open_notebook(page)
    cell = run(page, "from mpi4py import MPI\ncomm = MPI.COMM_WORLD\n"
                     "print('hello from', comm.size, 'ranks')\nprint('my rank is', comm.rank)")
    prompt(cell, page)
    text = cell.locator(".jp-OutputArea").inner_text()
    assert "hello from 4 ranks" in text and text.count("hello") == 1
    assert re.findall(r"\[(\d)\] my rank is (\d)", text) == [
        ("0", "0"), ("1", "1"), ("2", "2"), ("3", "3")]
    cell = run(page, "comm.allreduce(comm.rank)")
    prompt(cell, page)
    assert "6" in cell.locator(".jp-OutputArea-executeResult").inner_text()
    cell = run(page, "import matplotlib.pyplot as plt\nimport numpy as np\n"
                     "parts = comm.gather(np.random.default_rng(comm.rank).normal(size=500))\n"
                     "if comm.rank == 0:\n    plt.figure(figsize=(6, 3))\n"
                     "    plt.hist(parts, bins=30, stacked=True); plt.show()")
    cell.locator("img").wait_for()
    assert cell.locator("img").count() == 1
    prompt(cell, page)
    cell.locator("img").scroll_into_view_if_needed()
    look("four-ranks")


def test_stop_ends_a_blocked_cell(page, look):
    open_notebook(page)
    cell = run(page, "from mpi4py import MPI\nx = 41\nprint('waiting')\n"
                     "MPI.COMM_WORLD.recv(source=MPI.COMM_WORLD.rank)")
    page.wait_for_function("cell => cell.textContent.includes('waiting')",
                           arg=cell.element_handle())
    page.keyboard.press("Escape")
    page.click("[data-command='notebook:interrupt-kernel']")
    page.wait_for_function("cell => cell.textContent.includes('KeyboardInterrupt')",
                           arg=cell.element_handle())
    cell = run(page, "MPI.COMM_WORLD.allreduce(x + 1)")
    prompt(cell, page)
    assert "168" in cell.locator(".jp-OutputArea").inner_text()
    look("stopped")


def test_an_error_of_one_rank_is_readable(page, look):
    open_notebook(page)
    cell = run(page, "from mpi4py import MPI\nif MPI.COMM_WORLD.rank == 2:\n"
                     "    raise ValueError('rank two is unhappy')\nMPI.COMM_WORLD.Barrier()")
    prompt(cell, page)
    text = cell.locator(".jp-OutputArea").inner_text()
    assert "rank two is unhappy" in text and "2" in text
    look("error")
