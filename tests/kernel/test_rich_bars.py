"""Progress bars and rich: what N ranks draw stays in one place."""

import re

import pytest
from test_rich_displays import only, shown
from unfold import unfold_rows

BAR = """
from {module} import tqdm
import io, threading
for i in tqdm(range({count}), desc='work', miniters=1, mininterval=0):
    pass
"""


@pytest.fixture(params=["none-1", "mpi-4"])
def kernel(request, kernels):
    kernel = kernels(request.param)
    kernel.run("import os\nrank = int(os.environ.get('RANKBOOK_RANK') or 0)\n"
               "try:\n    from mpi4py import MPI; rank = MPI.COMM_WORLD.rank\n"
               "except ImportError: pass")
    return kernel


def screen(done):
    """The lines that are seen in the end."""
    text, was_stream = "", True
    for part in shown(done):
        is_stream = isinstance(part, str)
        if not (is_stream and was_stream) and not text.endswith("\n"):
            text += "\n"
        text += part if is_stream else part["text/plain"]
        was_stream = is_stream
    lines = [line.rstrip("\r").rsplit("\r", 1)[-1] for line in text.split("\n")]
    return [line for line in lines if line.strip()]


def test_one_bar(kernel):
    module = "tqdm" if kernel.ranks == 1 else "tqdm.auto"  # there a widget
    done = kernel.run(BAR.format(module=module, count=50))
    lines = screen(done)
    assert len(lines) == 1, lines
    assert "work: 100%" in lines[0] and "50/50" in lines[0]


def test_one_widget(kernels):
    one = kernels("none-1")
    done = one.run(BAR.format(module="tqdm.notebook", count=5))
    opened = [m["content"]["data"]["state"]["_model_name"] for m in done.messages
              if m["msg_type"] == "comm_open"]
    assert opened.count("FloatProgressModel") == 1
    assert len(done.of("display_data")) == 1
    states = [m["content"]["data"]["state"] for m in done.messages
              if m["msg_type"] == "comm_msg"]
    assert [state["value"] for state in states if "value" in state
            and isinstance(state["value"], float)][-1] == 5


def test_different_counts_show_the_slowest_and_the_fastest(four):
    done = four.run(
        "from tqdm.notebook import tqdm\n"
        "bar = tqdm(total=100, mininterval=0)\nbar.update(10 * rank + 10); bar.refresh()\n"
        "MPI.COMM_WORLD.Barrier()\nprint('half', flush=True)\nbar.update(0)")
    lines = [line for line in screen(done) if "/100" in line]
    assert len(lines) == 2, lines
    assert lines[0].startswith("[0]") and "10/100" in lines[0] and "slowest" in lines[0]
    assert lines[1].startswith("[3]") and "40/100" in lines[1] and "fastest" in lines[1]
    four.run("bar.close()")


def test_a_bar_of_one_rank(four):
    done = four.run("from tqdm import tqdm\n"
                    "for i in tqdm(range(9), disable=rank != 2): pass")
    line = only(screen(done))
    assert "9/9" in line


def test_lines_that_ranks_rewrite(four):
    """In pieces, the first of them alike."""
    done = four.run(
        "import sys\nfrom mpi4py import MPI\nworld = MPI.COMM_WORLD\n"
        "def write(text):\n"
        "    sys.stdout.write(text); sys.stdout.flush(); world.Barrier()\n"
        "write('\\rloading'); write('\\rof'); write(f' {world.rank % 2}!'); write('\\n')")
    rows = [row for part in shown(done) if isinstance(part, dict)
            for row in unfold_rows(part["text/plain"], 4)]
    assert [[text for ranks, text in rows if rank in ranks] for rank in range(4)] == [
        ["of 0!ng"], ["of 1!ng"], ["of 0!ng"], ["of 1!ng"]]


def test_rich_tables_and_text(kernel):
    done = kernel.run("from rich.console import Console\nfrom rich.table import Table\n"
                      "from rich import print as rprint\n"
                      "table = Table('name', 'value'); table.add_row('a', '1')\n"
                      "rprint('[bold]all[/bold]', table)")
    html = "".join(data["data"].get("text/html", "") for data in done.of("display_data"))
    assert "name" in html and html.count("<pre") == 1
    done = kernel.run("rprint(f'[red]{rank}[/red]')")
    assert len(done.of("display_data")) == 1


def test_rich_progress(kernel):
    kernel.run("from rich.progress import track")
    done = kernel.run("for i in track(range(5), description='steps', auto_refresh=False):"
                      " pass")
    text = re.sub(r"<[^>]*>", "", "".join(
        part.get("text/html", "") for part in shown(done) if isinstance(part, dict)))
    assert "100%" in text and len(shown(done)) <= 2


def test_rich_tracebacks(kernel):
    done = kernel.run("from rich.traceback import install\n"
                      "old = install(show_locals=False)\n1 / 0")
    assert done.content["ename"] == "ZeroDivisionError"
    kernel.run("import IPython; ip = get_ipython()\n"
               "ip._showtraceback = type(ip)._showtraceback.__get__(ip)\n"
               "ip.showtraceback = type(ip).showtraceback.__get__(ip)\n"
               "ip.showsyntaxerror = type(ip).showsyntaxerror.__get__(ip)")
    assert kernel.run("1 + 1").result == "2"
