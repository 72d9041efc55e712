"""Displays of a cell that runs on several ranks: which of them have a label."""

import pytest

RANK = ("import os; from IPython.display import HTML, display\n"
        "rank = int(os.environ.get('RANKBOOK_RANK') or os.environ.get('PMI_RANK') or 0)")


@pytest.fixture
def many(kernels):
    kernel = kernels("none-3")
    kernel.run(RANK)
    return kernel


def test_a_figure_of_one_rank_is_the_only_output(many):
    done = many.run("import matplotlib.pyplot as plt\n"
                    "if rank == 0:\n    plt.plot([1, 3, 2])\n    plt.show()")
    assert [m["msg_type"] for m in done.outputs] == ["display_data"]
    (shown,) = done.outputs
    assert "image/png" in shown["content"]["data"]
    assert shown["metadata"]["rankbook"] == {"ranks": "0"}


def test_text_beside_a_figure_of_one_rank_keeps_its_label(many):
    done = many.run("if rank == 1:\n    print('before'); display(HTML('<b>b</b>'))")
    assert done.stream() == "[1] before\n"
    assert [m["msg_type"] for m in done.outputs] == ["stream", "display_data"]


def test_displays_that_differ_have_labels(many):
    done = many.run("display(HTML(f'<b>{rank}</b>'))")
    (shown,) = done.of("display_data")
    html = shown["data"]["text/html"]
    places = [html.index(text) for rank in range(3)
              for text in (f"rank {rank}<", f"<b>{rank}</b>")]
    assert places == sorted(places)
    assert shown["data"]["text/plain"].count("\n") == 2
