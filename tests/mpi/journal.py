"""A pytest plugin: every rank runs the same tests in step and writes what it did.

Rank 0 reports, the others speak through their journals, one line of JSON a step, in
the folder RANKBOOK_TEST_RESULTS.  A test that does not end is ended by faulthandler,
and with it the job: ranks that wait for each other cannot be told apart from ranks
that will never come.  Whoever started the ranks (ranks.py) goes on behind that test.
"""
import faulthandler
import json
import os
from pathlib import Path

import pytest

RANK = int(os.environ.get("PMI_RANK", "0"))
LIMIT = float(os.environ.get("RANKBOOK_TEST_LIMIT", "30"))


class Journal:
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
        is_part = hasattr(report, "context")  # a subtest: only its failure counts
        if report.outcome == "passed" and (is_part or report.when != "call"):
            return
        self.write(
            test=report.nodeid,
            step="part" if is_part else "end",
            outcome=report.outcome,
            text=f"{getattr(report, 'context', '')}{report.longrepr}"
            if report.failed
            else "",
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
    config.pluginmanager.register(Journal(folder, stderr), "journal of this rank")
    if RANK > 0:
        config.pluginmanager.unregister(name="terminalreporter")


def pytest_collection_modifyitems(config, items):
    """Leaves out what an earlier start of the same run has done."""
    folder = os.environ.get("RANKBOOK_TEST_RESULTS")
    done = Path(folder) / "done" if folder else None
    if done and done.exists():
        names = set(done.read_text(encoding="utf-8").splitlines())
        items[:] = [item for item in items if item.nodeid not in names]
