"""A replay in which nobody moves comes to an end by itself, and says why."""

import os
import pathlib
import subprocess

import nbformat
from nbformat.v4 import new_code_cell, new_notebook

ROOT = pathlib.Path(__file__).resolve().parents[2]
RANKBOOK = pathlib.Path(os.environ.get("BUILD", ROOT / "build")) / "bin/rankbook"


def test_ranks_that_wait_for_one_another_fail_the_replay(tmp_path):
    notebook = new_notebook(cells=[
        new_code_cell("from mpi4py import MPI\ncomm = MPI.COMM_WORLD"),
        new_code_cell("comm.recv(source=1 - comm.rank, tag=7)"),
        new_code_cell("print('never')")])
    nbformat.write(notebook, tmp_path / "in.ipynb")
    done = subprocess.run(
        [RANKBOOK, "replay", tmp_path / "in.ipynb", "-n", "2", "-o",
         tmp_path / "out.ipynb"], capture_output=True, text=True, timeout=60,
        stdin=subprocess.DEVNULL)
    assert done.returncode == 1, done.stderr
    assert "nobody moves" in done.stderr and "PeerError" in done.stderr
    assert "rank 0 waits in" in done.stderr and "rank 1 waits in" in done.stderr
    assert "peer 1, tag 7" in done.stderr and "peer 0, tag 7" in done.stderr
    _, failed, last = nbformat.read(tmp_path / "out.ipynb", as_version=4).cells
    assert [output.output_type for output in failed.outputs] == ["stream", "error"]
    assert failed.outputs[0].name == "stderr" and "nobody moves" in failed.outputs[0].text
    assert not last.outputs
