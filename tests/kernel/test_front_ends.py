"""Clients of every kind: nbclient, papermill, nbconvert, jupyter run, jupyter console."""

import copy
import os
import pathlib
import subprocess
import sys

import nbformat
import papermill
import pexpect
import pytest
from corpus import error_last, gather_streams, normalise
from harness import BUILD, RANKBOOK
from jupyter_core.utils import run_sync
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError
from nbformat.v4 import new_code_cell, new_notebook

NBCLIENT = "nbclient==0.11.0"
FILES = BUILD / "nbclient" / NBCLIENT.replace("==", "-") / "tests" / "files"
TIMEOUT = 60
KERNELS = ["rankbook-1", "rankbook-4"]
# Not among nbclient's notebooks: a rank that dies is not the kernel's end; the history
# that ipykernel is told to keep in memory; two that wait for each other; the text of a
# refused input() is ours; what ends by its client's timeout, which
# test_timeout_interrupts has; one that needs a kernel of its own, and waits for ever in
# one that is shared, ipykernel's too; and one that sends by ipykernel's own sockets.
LEFT_OUT = {"Autokill", "Check History in Memory", "Parallel Execute A",
            "Parallel Execute B", "Disable Stdin", "Interrupt", "Output", "Sleep1s",
            "update-display-id"}


@pytest.fixture(scope="module", autouse=True)
def kernelspecs(tmp_path_factory):
    """Our kernels, installed for this process and its children."""
    prefix = tmp_path_factory.mktemp("prefix")
    subprocess.run([RANKBOOK, "install", "--prefix", prefix, "-n", "1", "-n", "4"],
                   check=True, capture_output=True)
    patch = pytest.MonkeyPatch()
    patch.setenv("JUPYTER_PATH", str(prefix / "share" / "jupyter"))
    patch.setenv("IPYTHONDIR", str(prefix / "ipython"))
    patch.setenv("PATH", f"{pathlib.Path(sys.executable).parent}:{os.environ['PATH']}")
    yield
    patch.undo()


@pytest.fixture(scope="module")
def notebooks():
    """nbclient's own, by name: fetched once, from its source distribution."""
    folder = BUILD / "nbclient"
    if not FILES.is_dir():
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run([sys.executable, "-m", "pip", "download", "-q", "--no-deps",
                        "--no-binary", "nbclient", "-d", folder, NBCLIENT], check=True)
        subprocess.run(["tar", "-xf", f"{FILES.parents[1]}.tar.gz", "-C", folder],
                       check=True)
    return {path.stem: nbformat.read(path, as_version=4)
            for path in sorted(FILES.glob("*.ipynb")) if path.stem not in LEFT_OUT}


def outputs(cell):
    return normalise(error_last(gather_streams(copy.deepcopy(cell.get("outputs", [])))))


def run_all(notebooks, kernel):
    """Each notebook's cells with their outputs, all run by one kernel."""
    found, manager = {}, None
    for name, notebook in notebooks.items():
        notebook = copy.deepcopy(notebook)
        client = NotebookClient(notebook, km=manager, kernel_name=kernel, timeout=TIMEOUT,
                                allow_errors=True,
                                resources={"metadata": {"path": str(FILES)}})
        client.execute(cleanup_kc=False)
        manager = client.km
        client.kc.stop_channels()
        found[name] = [(cell.source, cell.get("execution_count"), outputs(cell))
                       for cell in notebook.cells]
    run_sync(manager.shutdown_kernel)(now=True)
    return found


@pytest.fixture(scope="module")
def expected(notebooks):
    return run_all(notebooks, "python3")


@pytest.mark.parametrize("kernel", KERNELS)
def test_nbclients_own_notebooks(kernel, notebooks, expected):
    assert len(notebooks) >= 14
    found = run_all(notebooks, kernel)
    for name in notebooks:
        assert found[name] == expected[name], name


def execute(cells, **options):
    notebook = new_notebook(cells=[new_code_cell(cell) if isinstance(cell, str) else cell
                                   for cell in cells])
    options.setdefault("timeout", TIMEOUT)
    return NotebookClient(notebook, kernel_name="rankbook-4", **options).execute()


def test_timeout_interrupts():
    done = execute(["from time import sleep\nsleep(600)", "'went on'"], timeout=5,
                   interrupt_on_timeout=True, allow_errors=True)
    assert [output["ename"] for output in done.cells[0].outputs] == ["KeyboardInterrupt"]
    assert done.cells[1].outputs[0]["data"]["text/plain"] == "'went on'"


def test_timeout_ends_a_cell_that_waits_in_mpi():
    with pytest.raises(CellTimeoutError):
        execute(["from mpi4py import MPI\n"
                 "MPI.COMM_WORLD.recv(source=MPI.COMM_WORLD.rank)"], timeout=5)


def test_a_failing_cell_ends_the_notebook_unless_it_is_tagged():
    tagged = new_code_cell("1 / 0", metadata={"tags": ["raises-exception"]})
    with pytest.raises(CellExecutionError, match="NameError"):
        execute([tagged, "undefined", "print('not run')"])
    done = execute([tagged, "'run'"])
    assert done.cells[0].outputs[0]["ename"] == "ZeroDivisionError"
    assert done.cells[1].outputs[0]["data"]["text/plain"] == "'run'"


def test_papermill_parameters_errors_and_times(tmp_path):
    source, result = tmp_path / "in.ipynb", tmp_path / "out.ipynb"
    parameters = new_code_cell("n = 1", metadata={"tags": ["parameters"]})
    notebook = new_notebook(cells=[
        parameters, new_code_cell("from mpi4py import MPI\n"
                                  "MPI.COMM_WORLD.allreduce(n)"),
        new_code_cell("raise ValueError(n)"), new_code_cell("'not run'")])
    notebook.metadata["kernelspec"] = {"name": "rankbook-4", "display_name": "four",
                                       "language": "python"}
    nbformat.write(notebook, source)
    with pytest.raises(papermill.PapermillExecutionError, match="ValueError: 7"):
        papermill.execute_notebook(source, result, parameters={"n": 7}, progress_bar=False)
    done = nbformat.read(result, as_version=4)
    sums = [output["data"]["text/plain"] for cell in done.cells
            for output in cell.get("outputs", []) if output["output_type"] == "execute_result"]
    assert sums == ["28"]
    run = [cell.metadata.papermill for cell in done.cells if cell.cell_type == "code"
           and cell.metadata.get("papermill", {}).get("status") == "completed"]
    assert run and all(times.duration >= 0 and times.start_time for times in run)
    assert not done.cells[-1].outputs


def command(*words, **options):
    return subprocess.run([sys.executable, "-m", *map(str, words)], capture_output=True,
                          text=True, timeout=4 * TIMEOUT, **options)


def test_nbconvert_executes(tmp_path):
    path = tmp_path / "in.ipynb"
    nbformat.write(new_notebook(cells=[new_code_cell(
        "from mpi4py import MPI\nprint('rank', MPI.COMM_WORLD.rank)\nMPI.COMM_WORLD.size")]),
        path)
    done = command("nbconvert", "--execute", "--to", "notebook", "--output", "out.ipynb",
                   "--ExecutePreprocessor.kernel_name=rankbook-4", path)
    assert done.returncode == 0, done.stderr
    cell = nbformat.read(tmp_path / "out.ipynb", as_version=4).cells[0]
    text, size = gather_streams(cell.outputs)
    assert text["text"] == "".join(f"[{rank}] rank {rank}\n" for rank in range(4))
    assert size["data"]["text/plain"] == "4"


@pytest.mark.parametrize("code, status", [("print('from a file')", 0), ("1 / 0", 1)])
def test_jupyter_run(tmp_path, code, status):
    path = tmp_path / "code.py"
    path.write_text(code)
    done = command("jupyter_client.runapp", "--kernel", "rankbook-4", path)
    assert (done.returncode != 0) == bool(status), done
    assert ("ZeroDivisionError" if status else "from a file\n") in done.stdout + done.stderr


def test_jupyter_console():
    console = pexpect.spawn(
        sys.executable, ["-m", "jupyter_console", "--kernel", "rankbook-4",
                         "--ZMQTerminalInteractiveShell.simple_prompt=True"],
        encoding="utf-8", timeout=TIMEOUT, echo=False)
    try:
        console.expect(r"In \[1\]: ")
        console.sendline("from mpi4py import MPI; MPI.COMM_WORLD.size")
        console.expect(r"Out\[1\]: 4")
        console.expect(r"In \[2\]: ")
        console.sendline("import time; print('asleep', flush=True); time.sleep(600)")
        console.expect("asleep")
        console.sendintr()
        console.expect("KeyboardInterrupt")
        console.expect(r"In \[3\]: ")
        console.sendline("name = input('who? ') if MPI.COMM_WORLD.rank == 0 else 0")
        console.expect(r"who\? ")
        console.sendline("me")
        console.expect(r"In \[4\]: ")
        console.sendline("exit")
        console.expect(pexpect.EOF)
    finally:
        console.close(force=True)
