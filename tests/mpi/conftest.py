"""pytest on every rank, in step: rank 0 reports, the others speak when they fail.

Each rank runs the same tests in the same order.  A test that does not end is ended
by faulthandler, and with it the job: ranks that wait for each other cannot be told
apart from ranks that will never come.  run.py then goes on behind that test.
"""
import faulthandler
import json
import os
import sys
from pathlib import Path

import pytest

RANK = int(os.environ.get("PMI_RANK", "0"))
LIMIT = float(os.environ.get("RANKBOOK_TEST_LIMIT", "30"))

# Tests that start mpiexec themselves do not run under it; all others do, because
# MPI without mpiexec is another thing.
ALONE = {"test_wait.py"}
ALL = {path.name for path in Path(__file__).parent.glob("test_*.py")}
collect_ignore = sorted(ALONE if "PMI_RANK" in os.environ else ALL - ALONE)


class Journal:
    """What this rank did, one line of JSON a step, for run.py to read."""

    def __init__(self, folder, stderr):
        self.file = None
        self.stderr = self.stacks = stderr
        if folder:
            path = Path(folder) / f"rank-{RANK}"
            self.file = path.with_suffix(".jsonl").open("a", encoding="utf-8")
            self.stacks = path.with_suffix(".stacks").open("w", encoding="utf-8")

    def write(self, **fields):
        if self.file:
            self.file.write(json.dumps(fields) + "\n")
            self.file.flush()

    def pytest_runtest_logstart(self, nodeid):
        self.write(test=nodeid, step="start")
        faulthandler.dump_traceback_later(LIMIT, exit=True, file=self.stacks)

    def pytest_runtest_logreport(self, report):
        if report.when == "call" or report.outcome != "passed":
            self.write(
                test=report.nodeid,
                step="end",
                outcome=report.outcome,
                text=str(report.longrepr) if report.failed else "",
            )
            if report.failed and RANK > 0 and not self.file:
                print(
                    f"[{RANK}] FAILED {report.nodeid}\n{report.longrepr}",
                    file=self.stderr,
                    flush=True,
                )

    def pytest_runtest_logfinish(self, nodeid):
        faulthandler.cancel_dump_traceback_later()


@pytest.hookimpl(trylast=True)
def pytest_configure(config):
    folder = os.environ.get("RANKBOOK_TEST_RESULTS")
    capture = config.pluginmanager.getplugin("capturemanager")
    with capture.global_and_fixture_disabled():
        stderr = os.fdopen(os.dup(2), "w")
    config.pluginmanager.register(Journal(folder, stderr), "journal")
    if RANK > 0:
        config.pluginmanager.unregister(name="terminalreporter")


def pytest_collection_modifyitems(config, items):
    """Leaves out what an earlier start of the same run has done."""
    folder = os.environ.get("RANKBOOK_TEST_RESULTS")
    done = Path(folder) / "done" if folder else None
    if done and done.exists():
        names = set(done.read_text(encoding="utf-8").splitlines())
        items[:] = [item for item in items if item.nodeid not in names]


@pytest.fixture
def comm():
    """A communicator of all ranks that no other test has touched."""
    from mpi4py import MPI

    comm = MPI.COMM_WORLD.Dup()
    yield comm
    comm.Free()


@pytest.fixture(params=["array", "numpy"])
def make(request):
    """Makes arrays: of the standard library, of NumPy."""
    import support

    return next(m for m in support.MAKERS if m.name == request.param)


sys.path.insert(0, os.path.dirname(__file__))
