"""Several ranks: %%rank, %ranks, folding."""

import re

import pytest


@pytest.fixture(params=["none-3", "mpi-4"])
def many(request, kernels):
    return kernels(request.param)


RANK = "import os; rank = int(os.environ.get('RANKBOOK_RANK', 0))"


@pytest.fixture
def ranked(many):
    """A kernel in whose ranks 'rank' is the rank."""
    if many.method == "mpiexec":
        many.run("from mpi4py import MPI; rank = MPI.COMM_WORLD.rank")
    else:
        many.run(RANK)
    return many


def labelled(kernel, text):
    return "".join(f"[{r}] {text % r}\n" for r in range(kernel.ranks))


def test_different_lines_are_labelled_in_rank_order(ranked):
    done = ranked.run("print('rank', rank)")
    assert done.stream() == labelled(ranked, "rank %d")


def test_equal_lines_are_shown_once(ranked):
    done = ranked.run("for i in range(100): print('line', i)")
    assert done.stream() == "".join(f"line {i}\n" for i in range(100))


def test_groups_are_labelled_with_their_set(ranked):
    done = ranked.run("print('last' if rank == %d else 'other')" % (ranked.ranks - 1))
    last = ranked.ranks - 1
    assert set(done.stream().splitlines()) == {f"[0-{last - 1}] other", f"[{last}] last"}


def test_results_fold(ranked):
    assert ranked.run("sum(range(5))").result == "10"
    done = ranked.run("rank * 2")
    assert [line.split() for line in done.result.splitlines()] == [
        [f"[{r}]", str(r * 2)] for r in range(ranked.ranks)]


def test_addresses_keep_nothing_apart(ranked):
    assert ranked.run("object()").result.count("object at 0x") == 1
    done = ranked.run("raise ValueError(object())")
    assert len(done.error["traceback"]) and "[0]" not in "".join(done.error["traceback"])


def test_a_result_of_one_rank_only(ranked):
    done = ranked.run("'here' if rank == 1 else None")
    assert "'here'" in done.result and "[1]" in done.result


def test_an_error_of_one_rank_names_it(ranked):
    done = ranked.run("if rank == 1: raise ValueError('only here')")
    assert done.content["ename"] == "ValueError"
    assert "1" in "".join(done.error["traceback"]) and "only here" in done.error["evalue"]
    assert re.search(r"rank 1|\[1\]", "\n".join(done.error["traceback"]))


def test_errors_that_differ_are_one_error_with_all_tracebacks(ranked):
    done = ranked.run("raise ValueError(f'mine is {rank}')")
    text = "\n".join(done.error["traceback"])
    assert all(f"mine is {r}" in text for r in range(ranked.ranks))


def test_rank_magic(ranked):
    assert ranked.run("%%rank 0\nprint('zero', rank)").stream() == "zero 0\n"
    assert ranked.run("%%rank -1\nprint(rank)").stream() == f"{ranked.ranks - 1}\n"
    assert ranked.run("%%rank even\nprint(rank)").stream().splitlines() == [
        f"[{r}] {r}" for r in range(0, ranked.ranks, 2)]
    odd = [r for r in range(ranked.ranks) if r % 2]
    assert ranked.run("%%rank odd\nprint(rank)").stream().splitlines() == (
        [f"[{r}] {r}" for r in odd] if len(odd) > 1 else [str(odd[0])])
    assert ranked.run("%%rank 0-1\nprint(rank)").stream() == "[0] 0\n[1] 1\n"
    assert ranked.run("%%rank 0,2\nprint(rank)").stream() == "[0] 0\n[2] 2\n"
    assert ranked.run("%%rank all\nprint('all')").stream() == "all\n"


def test_rank_magic_keeps_line_numbers_and_history(ranked):
    done = ranked.run("%%rank 0\nx = 1\n1 / 0")
    text = re.sub(r"\x1b\[[0-9;]*m", "", "\n".join(done.error["traceback"]))
    assert "line 3" in text, text
    ranked.run("%%rank 0\n'in history'")
    done = ranked.request("history_request", {
        "output": False, "raw": True, "hist_access_type": "tail", "n": 1})
    assert done.content["history"][0][2] == "%%rank 0\n'in history'"


def test_directives_one_below_the_other(ranked):
    for lines in "%output rank\n%%rank 1", "%%rank 1\n%output rank":
        assert ranked.run(lines + "\nprint(rank)").stream() == "1\n"
    ranked.run("%output fold")


def test_rank_magic_before_another_magic(ranked):
    assert "Wall time" in ranked.run("%%rank 0\n%%time\npass").stream()


def test_counts_agree_after_a_cell_for_one_rank(ranked):
    ranked.run("%%rank 0\n'only zero'")
    count = ranked.run("'everywhere'").content["execution_count"]
    assert ranked.run(f"Out[{count}]").result == "'everywhere'"


@pytest.mark.parametrize("spec", ["77", "foo", "", "5-77", "0-"])
def test_a_wrong_rank_set_is_one_line_and_nothing_runs(ranked, spec):
    if spec == "0-":
        spec = "3-1"
    ranked.run("ran = 0")
    done = ranked.run(f"%%rank {spec}\nran = 1")
    assert done.content["status"] == "error" and done.content["ename"] == "UsageError"
    assert len(done.outputs) == 1 and "\n" not in done.content["evalue"]
    assert ranked.run("ran").result == "0"


def test_ranks_table(ranked):
    text = ranked.run("%ranks").stream()
    rows = text.splitlines()
    assert len(rows) == ranked.ranks + 1
    assert {"rank", "host", "pid", "state"} <= set(rows[0].lower().split())
    assert [row.split()[0] for row in rows[1:]] == [str(r) for r in range(ranked.ranks)]


def test_sets_of_strings_have_one_order_on_all_ranks(ranked):
    words = "{'alpha', 'beta', 'gamma', 'delta', 'epsilon'}"
    text = ranked.run(f"print({words})").stream()
    assert text.startswith("{") and eval(text) == eval(words)


def test_a_display_with_an_id_of_its_own_is_one_display(ranked):
    shown = ranked.run("handle = display('first', display_id=True)").of("display_data")
    assert len(shown) == 1
    updated = ranked.run("handle.update('second')").of("update_display_data")
    assert [each["transient"] for each in updated] == [shown[0]["transient"]]


def test_output_is_live(ranked):
    msg_id = ranked.send("import time\nprint('first', flush=True)\ntime.sleep(60)")
    assert ranked.wait_output(msg_id, "first") == "first\n"
    ranked.interrupt()
    ranked.collect(msg_id)


def test_output_of_one_rank_does_not_wait_for_the_others(ranked):
    msg_id = ranked.send("import time\nif rank == 0: print('early', flush=True)\n"
                         "time.sleep(60)")
    assert ranked.wait_output(msg_id, "early") == "[0] early\n"
    ranked.interrupt()
    ranked.collect(msg_id)


def test_progress_bar_is_one_line(ranked):
    done = ranked.run("for i in range(50): print(f'\\r{i + 1}/50', end='', flush=True)")
    assert done.stream().split("\r")[-1].strip() == "50/50"
    assert "\n" not in done.stream().strip()


def test_equal_figures_are_shown_once(ranked):
    done = ranked.run("import matplotlib.pyplot as plt\nplt.plot([1, 3, 2]);")
    assert len(done.of("display_data")) == 1


def test_a_figure_of_one_rank(ranked):
    done = ranked.run("if rank == 0:\n    plt.plot([1, 3, 2])\n    plt.show()")
    assert any("image/png" in shown["data"] for shown in done.of("display_data"))


def test_no_text_is_lost_under_a_flood(ranked):
    done = ranked.run("for i in range(3000): print(rank, i)")
    lines = done.stream().splitlines()
    for r in range(ranked.ranks):
        mine = [line.removeprefix(f"[{r}] ") for line in lines if line.startswith(f"[{r}] ")]
        assert mine == [f"{r} {i}" for i in range(3000)]
