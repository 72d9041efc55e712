"""Runs pytest on every rank of an mpiexec and puts the ranks' journals together.

A test counts as failed when it failed on any rank, or when a rank died in it or did
not come back; the run then goes on behind it.
"""
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
STARTS = 8  # per number of ranks: after so many deaths something else is wrong
OUTCOMES = {"passed": 0, "skipped": 1, "failed": 2}


class Ranks:
    """Where ranks run: a Python, the mpiexec beside it, their environment."""

    def __init__(self, python, environment):
        beside = Path(python).parent / "mpiexec"
        beside = str(beside) if beside.exists() else shutil.which("mpiexec")
        self.mpiexec = os.environ.get("MPIEXEC") or beside or "mpiexec"
        self.python = str(python)
        self.environment = environment

    def command(self, count, arguments):
        """0 ranks: without mpiexec."""
        start = [self.mpiexec, "-n", str(count)] if count else []
        pytest = ["-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "journal"]
        return [*start, self.python, *pytest, *arguments]

    def start(self, count, arguments, folder, limit):
        """One mpiexec; returns its status, and what it wrote.  None: out of time."""
        paths = [str(HERE), self.environment.get("PYTHONPATH")]
        environment = {
            **os.environ,
            **self.environment,
            "PYTHONPATH": os.pathsep.join(filter(None, paths)),
            "RANKBOOK_TEST_RESULTS": str(folder),
        }
        with tempfile.TemporaryFile("w+") as output:
            job = subprocess.Popen(
                self.command(count, arguments),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=environment,
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

    def run(self, count, arguments, limit):
        """All tests with so many ranks: test -> (outcome, {rank: text})."""
        end = time.monotonic() + limit
        with tempfile.TemporaryDirectory(prefix="rankbook-test-") as name:
            folder = Path(name)
            for _ in range(STARTS):
                left = end - time.monotonic()
                if left <= 0:
                    break
                status, output = self.start(count, arguments, folder, left)
                journals = read_journals(folder)
                lost = [(who, u) for who, rows in journals if (u := unfinished(rows))]
                if status in (0, 1, 5) and not lost:
                    break
                if not lost:
                    name = f"<start of {count} ranks>"
                    return {**merge(journals), name: ("failed", {"mpiexec": output})}
                output = f"mpiexec ended with {status}\n{output}"
                close_tests(folder, journals, lost, output)
            else:
                output = "too many starts\n" + output
            results = merge(read_journals(folder))
            if end - time.monotonic() <= 0:
                results["<time limit>"] = ("failed", {"mpiexec": output})
            return results


def stop(job):
    """Ends mpiexec, which ends its ranks; then whatever is left of its group."""
    for number, patience in ((signal.SIGTERM, 5), (signal.SIGKILL, 1)):
        try:
            os.killpg(job.pid, number)
            job.wait(patience)
        except (ProcessLookupError, subprocess.TimeoutExpired):
            pass


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
    return last["test"] if last and last["step"] != "end" else None


def merge(journals):
    """test -> (outcome, {rank: text}), the worst of all ranks."""
    merged = {}
    for name, entries in journals:
        for entry in entries:
            if entry["step"] == "start":
                continue
            outcome, texts = merged.get(entry["test"], ("passed", {}))
            if OUTCOMES[entry["outcome"]] >= OUTCOMES[outcome]:
                outcome = entry["outcome"]
            if entry["text"]:
                text = texts.get(name, "") + entry["text"] + "\n"
                texts = {**texts, name: text}
            merged[entry["test"]] = (outcome, texts)
    return merged


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


def report(title, results, seconds):
    """Prints the failures and one line; returns outcome -> how many."""
    count = {"passed": 0, "failed": 0, "skipped": 0}
    for test, (outcome, texts) in results.items():
        count[outcome] += 1
        for who, text in texts.items():
            print(f"FAILED {title}: {test} [{who}]\n{text}\n", flush=True)
    line = ", ".join(f"{value} {name}" for name, value in count.items())
    print(f"{title}: {line} in {seconds:.1f} s", flush=True)
    return count
