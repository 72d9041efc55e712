"""Runs mpi4py's own test suite against our module, and against mpi4py itself.

    python tests/mpi4py/suite.py [-n 1,2,3,4] [--reference 1] [-k EXPRESSION] [FILE...]

The suite comes from mpi4py's source distribution, which pip fetches into the build
folder.  FILE: test_comm, test_p2p_buf...; default all, but what left_out.txt names.
--reference: the numbers of ranks on which mpi4py's wheel runs too (`make venv-peers`
makes its environment); there, a test that passes on the wheel must pass on ours: to
skip it is to fail.  Exit status 1 if anything failed.
"""
import argparse
import fnmatch
import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/mpi"))
import ranks  # noqa: E402

BUILD = ROOT / os.environ.get("BUILD", "build")
REFERENCE = "mpi4py==4.1.2"
LEFT_OUT = Path(__file__).with_name("left_out.txt")


def fetch(folder):
    """The folder of the suite's tests; fetched and unpacked once."""
    source = folder / REFERENCE.replace("==", "-")
    if not (source / "test").is_dir():
        folder.mkdir(parents=True, exist_ok=True)
        pip = [sys.executable, "-m", "pip", "download", "-q", "--no-deps"]
        pip += ["--no-binary", "mpi4py", "-d", str(folder), REFERENCE]
        subprocess.run(pip, check=True, timeout=300)
        archive = f"{source}.tar.gz"
        subprocess.run(["tar", "-xf", archive, "-C", str(folder)], check=True)
    return source / "test"


def left_out(count):
    """Patterns of tests that do not run with so many ranks: FILE[::CLASS::TEST]."""
    for line in LEFT_OUT.read_text(encoding="utf-8").splitlines():
        words = line.partition("#")[0].split()
        if words and (words[1] == "*" or str(count) in words[1].split(",")):
            yield words[0]


def is_left_out(test, patterns):
    name = test.rpartition("/")[2]
    return any(
        fnmatch.fnmatchcase(name, pattern)
        or fnmatch.fnmatchcase(name, pattern + ".py::*")
        or fnmatch.fnmatchcase(name, pattern.replace("::", ".py::", 1))
        for pattern in patterns
    )


def run(place, count, tests, options):
    """test -> (outcome, texts), and the seconds."""
    patterns = list(left_out(count))
    files = [tests / f"{name}.py" for name in options.files] or sorted(
        tests.glob("test_*.py")
    )
    files = [path for path in files if not is_left_out(path.stem + ".py::", patterns)]
    arguments = ["--rootdir", str(tests), "-c", os.devnull, "--noconftest", "--tb=short"]
    # It would take what callbacks of MPI print, which the suite looks for.
    arguments += ["-p", "no:unraisableexception"]
    arguments += [str(path) for path in files]
    if options.k:
        arguments += ["-k", options.k]
    deselected = [p.replace("::", ".py::", 1) for p in patterns if "::" in p]
    arguments += [f"--deselect={pattern}" for pattern in deselected]
    begin = time.monotonic()
    results = place.run(count, arguments, options.limit)
    return results, time.monotonic() - begin


def compare(ours, theirs):
    """A test that the reference passes and ours skips has failed."""
    for test, (outcome, _) in theirs.items():
        if outcome == "passed" and ours.get(test, ("missing",))[0] in (
            "skipped",
            "missing",
        ):
            text = {"skipped": "skipped, but mpi4py's wheel passes it"}
            ours[test] = ("failed", text)


def places():
    """Where ours runs, and the reference."""
    package = str(BUILD / "lib/rankbook/python")
    # Four spinning ranks on two busy cores need time for a single test of windows.
    patient = {"RANKBOOK_TEST_LIMIT": "120"}
    ours = ranks.Ranks(sys.executable, {**patient, "PYTHONPATH": package})
    peers = ROOT / ".venv-peers/bin/python"
    return ours, ranks.Ranks(peers, {**patient, "PYTHONPATH": ""})


def numbers(text):
    return [int(word) for word in text.split(",") if word]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-n", default="1,2,3,4", type=numbers)
    parser.add_argument("--reference", default="1", type=numbers)
    parser.add_argument("--limit", type=float, default=900, help="seconds for each")
    parser.add_argument("-k", default="", help="as pytest's")
    parser.add_argument("files", nargs="*")
    options = parser.parse_args()
    tests = fetch(BUILD / "mpi4py-suite")
    ours, reference = places()
    total = {"passed": 0, "failed": 0, "skipped": 0}
    for count in options.n:
        results, seconds = run(ours, count, tests, options)
        if count in options.reference:
            theirs, their_seconds = run(reference, count, tests, options)
            compare(results, theirs)
            ranks.report(f"mpi4py's wheel, {count} ranks", theirs, their_seconds)
            print(f"time on {count} ranks: {seconds / their_seconds:.2f} x mpi4py's")
        counts = ranks.report(f"{count} ranks", results, seconds)
        total = {name: total[name] + counts[name] for name in total}
    print(", ".join(f"{value} {name}" for name, value in total.items()))
    return 1 if total["failed"] or not total["passed"] else 0


if __name__ == "__main__":
    sys.exit(main())
