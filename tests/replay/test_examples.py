"""The examples: replayed on several numbers of ranks; each checks its own results."""

import os
import pathlib
import subprocess

import nbformat
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("BUILD", ROOT / "build"))
FIGURES = {"pi": 1, "terrain": 1, "sort": 1, "ring": 0}


def test_every_example_is_tested():
    assert {path.stem for path in (ROOT / "examples").glob("*.ipynb")} == {
        *FIGURES, "failures"}  # has a test of its own


@pytest.mark.parametrize("ranks", [1, 2, 4, 8])
@pytest.mark.parametrize("name", FIGURES)
def test_example(name, ranks, tmp_path):
    out = tmp_path / f"{name}.ipynb"
    done = subprocess.run(
        [BUILD / "bin/rankbook", "replay", ROOT / f"examples/{name}.ipynb", "-n",
         str(ranks), "-o", out], capture_output=True, text=True, timeout=180,
        stdin=subprocess.DEVNULL)
    assert done.returncode == 0, done.stderr
    notebook = nbformat.read(out, as_version=4)
    nbformat.validate(notebook)
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert all(cell.execution_count for cell in cells)
    outputs = [output for cell in cells for output in cell.outputs]
    assert not [output for output in outputs if output.output_type == "error"]
    figures = [output for output in outputs if "image/png" in output.get("data", {})]
    assert len(figures) == FIGURES[name]


def test_the_answer_does_not_depend_on_the_number_of_ranks(tmp_path):
    results = []
    for ranks in (1, 3):
        out = tmp_path / f"{ranks}.ipynb"
        subprocess.run([BUILD / "bin/rankbook", "replay", ROOT / "examples/pi.ipynb", "-n",
                        str(ranks), "-o", out], check=True, timeout=180)
        notebook = nbformat.read(out, as_version=4)
        results += [output.data["text/plain"] for cell in notebook.cells
                    for output in cell.get("outputs", ())
                    if output.output_type == "execute_result"]
    assert len(results) == 2 and results[0] == results[1]
