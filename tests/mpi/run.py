"""Runs the tests of the binding under mpiexec, with 1 to 4 ranks, and adds them up.

    python tests/mpi/run.py [-n 0,1,2,3,4] [--limit SECONDS] [pytest arguments]
    .venv-peers/bin/python tests/mpi/run.py --installed

A test counts as failed when it failed on any rank, or when a rank died in it or did
not come back; the run then goes on behind it.  Exit status 1 if anything failed.
0 ranks: the tests that start mpiexec themselves.  BUILD and MPIEXEC name another
build and another MPI.  --installed tests the tests, on the mpi4py that the Python
has, without what only ours promises.
"""
import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
STARTS = 8  # per number of ranks: after so many deaths something else is wrong


def mpiexec_path():
    beside = Path(sys.executable).parent / "mpiexec"
    return os.environ.get("MPIEXEC") or (
        str(beside) if beside.exists() else shutil.which("mpiexec") or "mpiexec"
    )


def read_journals(folder):
    """What each rank wrote, as one list of entries per rank."""
    journals = []
    for path in sorted(folder.glob("rank-*.jsonl")):
        lines = path.read_text(encoding="utf-8").splitlines()
        journals.append((path.stem, [json.loads(line) for line in lines]))
    return journals


def unfinished(entries):
    """The test in which a rank stopped writing, or None."""
    last = entries[-1] if entries else None
    return last["test"] if last and last["step"] == "start" else None


def merge(journals):
    """test -> (outcome, {rank: text}), the worst of all ranks."""
    rank_of = {"passed": 0, "skipped": 1, "failed": 2}
    merged = {}
    for name, entries in journals:
        for entry in entries:
            if entry["step"] != "end":
                continue
            outcome, texts = merged.get(entry["test"], ("passed", {}))
            if rank_of[entry["outcome"]] >= rank_of[outcome]:
                outcome = entry["outcome"]
            if entry["text"]:
                texts = {**texts, name: entry["text"]}
            merged[entry["test"]] = (outcome, texts)
    return merged


def start_ranks(ranks, arguments, environment, limit):
    """One mpiexec; returns its status, and what it wrote.  None: out of time."""
    command = [mpiexec_path(), "-n", str(ranks)] if ranks else []
    command += [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    command += arguments
    with tempfile.TemporaryFile("w+") as output:
        job = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, **environment},
            start_new_session=True,
        )
        try:
            status = job.wait(limit)
        except subprocess.TimeoutExpired:
            status = None
        finally:
            stop(job)
        output.seek(0)
        return status, output.read()


def stop(job):
    """Ends mpiexec, which ends its ranks; then whatever is left of its group."""
    for number, patience in ((signal.SIGTERM, 5), (signal.SIGKILL, 1)):
        try:
            os.killpg(job.pid, number)
            job.wait(patience)
        except (ProcessLookupError, subprocess.TimeoutExpired):
            pass


def run(ranks, arguments, environment, limit):
    """All tests with so many ranks: test -> (outcome, texts)."""
    end = time.monotonic() + limit
    with tempfile.TemporaryDirectory(prefix="rankbook-test-") as name:
        folder = Path(name)
        environment = {**environment, "RANKBOOK_TEST_RESULTS": name}
        for _ in range(STARTS):
            left = end - time.monotonic()
            if left <= 0:
                break
            status, output = start_ranks(ranks, arguments, environment, left)
            journals = read_journals(folder)
            lost = [(who, u) for who, entries in journals if (u := unfinished(entries))]
            if status in (0, 1, 5) and not lost:
                break
            if not lost:
                name = f"<start of {ranks} ranks>"
                return {**merge(journals), name: ("failed", {"mpiexec": output})}
            output = f"mpiexec ended with {status}\n{output}"
            close_tests(folder, journals, lost, output)
        else:
            output = "too many starts\n" + output
        results = merge(read_journals(folder))
        if end - time.monotonic() <= 0:
            results["<time limit>"] = ("failed", {"mpiexec": output})
        return results


def close_tests(folder, journals, lost, output):
    """Marks the tests in which ranks were lost, and what needs no second run."""
    for who, test in lost:
        stacks = (folder / f"{who}.stacks").read_text(encoding="utf-8")
        text = f"did not end\n{output if who == lost[0][0] else ''}\n{stacks}"
        entry = dict(test=test, step="end", outcome="failed", text=text)
        with (folder / f"{who}.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps(entry) + "\n")
    done = {e["test"] for _, entries in journals for e in entries}
    (folder / "done").write_text("\n".join(done), encoding="utf-8")


def installed_arguments():
    """Leaves out what only ours promises."""
    paths = [*HERE.glob("test_ours_*.py"), *HERE.glob("test_core_*.py")]
    return [f"--ignore={path}" for path in paths]


def python_path():
    """Ours first."""
    build = HERE.parents[1] / os.environ.get("BUILD", "build")
    paths = [str(build / "lib/rankbook/python"), os.environ.get("PYTHONPATH")]
    return os.pathsep.join(filter(None, paths))


def has_path(arguments):
    return any(
        Path(argument.split("::")[0]).exists()
        for argument in arguments
        if not argument.startswith("-")
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-n", default="0,1,2,3,4", help="numbers of ranks")
    parser.add_argument("--limit", type=float, default=300, help="seconds for each")
    parser.add_argument("--installed", action="store_true", help="not our mpi4py")
    options, arguments = parser.parse_known_args()
    if not has_path(arguments):
        arguments.append(str(HERE))
    environment = {}
    if options.installed:
        arguments += installed_arguments()
    else:
        environment["PYTHONPATH"] = python_path()
    total = {"passed": 0, "failed": 0, "skipped": 0}
    for ranks in map(int, options.n.split(",")):
        begin = time.monotonic()
        results = run(ranks, arguments, environment if ranks else {}, options.limit)
        count = dict.fromkeys(total, 0)
        for test, (outcome, texts) in results.items():
            count[outcome] += 1
            for who, text in texts.items():
                print(f"FAILED n={ranks} {test} [{who}]\n{text}\n", flush=True)
        line = ", ".join(f"{value} {name}" for name, value in count.items())
        seconds = time.monotonic() - begin
        name = f"{ranks} ranks" if ranks else "alone"
        print(f"{name}: {line} in {seconds:.1f} s", flush=True)
        total = {name: total[name] + count[name] for name in total}
    print(", ".join(f"{value} {name}" for name, value in total.items()))
    return 1 if total["failed"] or not total["passed"] else 0


if __name__ == "__main__":
    sys.exit(main())
