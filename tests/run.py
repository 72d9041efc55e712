"""Runs every test suite and closes with one line: N passed, N failed, N skipped.

usage: run.py [--build BUILD] [SUITE...]

Suites: unit (C modules, as built and under ASan and UBSan), fuzz (decoders over
their corpora), model (how the members of a collective meet, in every order of their
steps), mpi (the binding and libmpiwait under mpiexec -n 1..4), mpich4 (a part of that
on Debian's MPICH), mpi4py (its own suite against our module, on 1 and 2 ranks), kernel
(through jupyter_client), torture (60 random faults), replay (notebooks headless),
browser (JupyterLab in chromium).  Each prints its own report; the exit status is 0 when
nothing failed.
"""

import argparse
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree

ROOT = pathlib.Path(__file__).resolve().parent.parent
SUMMARY = re.compile(r"^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$", re.M)


class Counts:
    """Passed, failed and skipped tests; they add up."""

    def __init__(self, passed=0, failed=0, skipped=0):
        self.passed, self.failed, self.skipped = passed, failed, skipped

    def __iadd__(self, other):
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped
        return self

    def __str__(self):
        return f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped"


def run_tap(program):
    """One TAP program; a crash, or a plan that was not kept, is a failure."""
    try:
        done = subprocess.run(
            [program], capture_output=True, text=True, errors="replace", timeout=120,
            cwd=ROOT)
        out, status = done.stdout, done.returncode
        err = done.stderr
    except subprocess.TimeoutExpired as late:
        out, status, err = (late.stdout or b"").decode(), -1, "timed out after 120 s"
    lines = out.splitlines()
    passed = sum(line.startswith("ok ") for line in lines)
    failed = sum(line.startswith("not ok ") for line in lines)
    planned = re.search(r"^1\.\.(\d+)", out, re.M)
    broken = not planned or int(planned.group(1)) != passed + failed
    if (status and not failed) or broken:
        failed += 1
    if failed:
        print(f"--- {program}: exit status {status}")
        print("\n".join(line for line in lines if not line.startswith("ok ")))
        print(err[-4000:])
    return Counts(passed, failed)


def suite_unit(build):
    counts = Counts()
    for folder in (build / "tests/unit", build / "asan/tests/unit"):
        programs = sorted(p for p in folder.glob("test_*") if p.suffix == "")
        if not programs:
            print(f"no programs in {folder}")
            counts.failed += 1
        for program in programs:
            counts += run_tap(program)
    return counts


def suite_fuzz(build):
    counts = Counts()
    for program in sorted((build / "asan/tests/fuzz").glob("fuzz_*")):
        corpus = ROOT / "tests/fuzz/corpus" / program.name.removeprefix("fuzz_")
        files = sorted(corpus.iterdir()) if corpus.is_dir() else []
        done = subprocess.run([program, *files], capture_output=True, text=True,
                              errors="replace", timeout=120)
        if done.returncode or not files:
            print(f"--- {program.name}: exit status {done.returncode}, "
                  f"{len(files)} corpus files\n{done.stderr[-4000:]}")
            counts.failed += 1
        else:
            counts.passed += 1
    return counts


def run_ranks(build, script, *arguments, **environment):
    """A script that closes with such a line itself."""
    done = subprocess.run([sys.executable, ROOT / script, *arguments],
                          stdout=subprocess.PIPE, text=True, errors="replace",
                          env={**os.environ, "BUILD": str(build), **environment})
    print(done.stdout)
    found = SUMMARY.findall(done.stdout)
    if not found:
        return Counts(failed=1)
    counts = Counts(*(int(n or 0) for n in found[-1]))
    if done.returncode and not counts.failed:
        counts.failed = 1
    return counts


# Not among them: MPICH 4.0.2 ignores the displacements of Allgatherv on one rank and
# forgets statuses of requests to PROC_NULL, its files and windows check less, and an
# error in an attribute's callback spoils the error classes that come after it.
MPICH4_TESTS = """
    test_cco_buf test_cco_obj test_comm test_datatype test_handle
    test_op test_ours_absent test_ours_interrupt test_ours_op test_ours_parcels
    test_ours_request
    test_p2p_buf test_p2p_obj
"""


def suite_mpich4(build):
    """The binding and libmpiwait on Debian's MPICH."""
    folder = build / "mpich4"
    if not folder.exists():
        print("no Debian, no MPICH 4")
        return Counts(skipped=1)
    files = [ROOT / f"tests/mpi/{name}.py" for name in MPICH4_TESTS.split()]
    return run_ranks(folder, "tests/mpi/run.py", "-n", "1,2", *files,
                     MPIEXEC="mpiexec.mpich")


def run_pytest(build, folder):
    with tempfile.NamedTemporaryFile(suffix=".xml") as report:
        status = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider",
             "--tb=short", f"--junitxml={report.name}", ROOT / "tests" / folder],
            cwd=ROOT, env=dict(os.environ, BUILD=str(build))).returncode
        try:
            suite = xml.etree.ElementTree.parse(report.name).getroot().find("testsuite")
        except xml.etree.ElementTree.ParseError:
            return Counts(failed=1)
    number = {key: int(suite.get(key, 0))
              for key in ("tests", "failures", "errors", "skipped")}
    failed = number["failures"] + number["errors"]
    if status and not failed:
        failed = 1
    return Counts(number["tests"] - failed - number["skipped"], failed,
                  number["skipped"])


SUITES = {
    "unit": suite_unit,
    "fuzz": suite_fuzz,
    "model": lambda build: run_pytest(build, "model"),
    "mpi": lambda build: run_ranks(build, "tests/mpi/run.py"),
    "mpich4": suite_mpich4,
    "mpi4py": lambda build: run_ranks(build, "tests/mpi4py/suite.py", "-n", "1,2"),
    "kernel": lambda build: run_pytest(build, "kernel"),
    "torture": lambda build: run_ranks(build, "tests/torture/torture.py"),
    "replay": lambda build: run_pytest(build, "replay"),
    "browser": lambda build: run_pytest(build, "browser"),
}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", default="build", type=pathlib.Path)
    parser.add_argument("suites", nargs="*", choices=[*SUITES, []])
    args = parser.parse_args()
    total, rows = Counts(), []
    for name in args.suites or SUITES:
        print(f"== {name}", flush=True)
        begin = time.monotonic()
        counts = SUITES[name](args.build.resolve())
        rows.append(f"{name:10} {counts}  ({time.monotonic() - begin:.0f} s)")
        print(rows[-1], flush=True)
        total += counts
    print("\n" + "\n".join(rows) + f"\n\n{total}")
    return 1 if total.failed or not total.passed else 0


if __name__ == "__main__":
    sys.exit(main())
