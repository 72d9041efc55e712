"""The same outputs and replies as ipykernel, cell by cell, on 1 rank and on 4."""

import collections

import corpus
import nbformat
import pytest

KERNELS = {"ipykernel": {"argv": corpus.IPYKERNEL}, "mpi-1": {"ranks": 1},
           "mpi-4": {"ranks": 4}}


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory):
    """Returns what the cells gave, by kernel; each runs them once, at first use."""
    known = {}

    def get(name):
        if name not in known:
            known[name] = None
            folder = tmp_path_factory.mktemp(name)
            with corpus.start(folder, **KERNELS[name]) as kernel:
                known[name] = corpus.run(kernel)
        assert known[name], f"{name} did not come to the end of the corpus"
        return known[name]

    return get


def test_names_are_unique():
    names = collections.Counter(str(cell) for cell in corpus.CELLS)
    assert len(names) >= 400 and names.most_common(1)[0][1] == 1
    assert corpus.DIFFERENT.keys() <= names.keys()


@pytest.mark.parametrize("cell", corpus.CELLS, ids=str)
def test_one_rank(cell, outcomes):
    ours, theirs = outcomes("mpi-1")[str(cell)], outcomes("ipykernel")[str(cell)]
    if str(cell) in corpus.DIFFERENT:
        assert ours != theirs, "equal by now: no exception any more"
    else:
        assert ours == theirs


@pytest.mark.parametrize("cell", [c for c in corpus.CELLS if c.ranks == "agree"],
                         ids=str)
def test_four_ranks(cell, outcomes):
    peer = "mpi-1" if str(cell) in corpus.DIFFERENT else "ipykernel"
    ours, theirs = outcomes("mpi-4")[str(cell)], outcomes(peer)[str(cell)]
    if ours != theirs:
        for rank in range(4):
            assert corpus.seen_by(rank, 4, ours) == corpus.seen_by(rank, 4, theirs)


@pytest.mark.parametrize("world", ["mpi-1", "mpi-4"])
def test_outputs_are_a_valid_notebook(world, outcomes):
    notebook = nbformat.v4.new_notebook()
    for cell in corpus.CELLS:
        outputs = [
            nbformat.v4.output_from_msg({"header": {"msg_type": output["output_type"]},
                                         "content": output})
            for output in outcomes(world)[str(cell)]["outputs"]
            if output["output_type"] not in ("clear_output", "update_display_data")]
        notebook.cells.append(nbformat.v4.new_code_cell(cell.code, outputs=outputs))
    nbformat.validate(notebook)
