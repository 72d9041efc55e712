"""The notebook of failures: what it shows is what the kernel says today."""

import os
import pathlib
import re
import subprocess

import nbformat

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("BUILD", ROOT / "build"))
NOTEBOOK = ROOT / "examples/failures.ipynb"

# What differs between two runs: colours, seconds, Python's own lines, and, where several
# ranks fail together, which of them was the first.
LOOSE = [(r"\x1b\[[0-9;]*m", ""), (r"for \d+ s$", "for N s"),
         (r"line \d+ of __init__.py", "line N of __init__.py"),
         (r"^ranks? [\d,-]+: (?=\w+: )", ""), (r"^\[[\d,-]+\]( |$)", "")]


def text_of(output):
    if output.output_type == "stream":
        return output.text
    if output.output_type == "error":
        return "\n".join(output.traceback)
    return output.data["text/plain"]


def shown(path):
    """By cell: the kinds of outputs, and the lines of all of them."""
    cells = []
    for cell in nbformat.read(path, as_version=4).cells:
        lines = "\n".join(map(text_of, cell.get("outputs", ()))).splitlines()
        for loose, instead in LOOSE:
            lines = [re.sub(loose, instead, line) for line in lines]
        cells.append(({output.output_type for output in cell.get("outputs", ())},
                      sorted({line.rstrip() for line in lines})))
    return cells


def test_the_outputs_are_those_of_a_real_run(tmp_path):
    done = subprocess.run(
        [BUILD / "bin/rankbook", "replay", NOTEBOOK, "-n", "4", "-o",
         tmp_path / "out.ipynb"], capture_output=True, text=True, timeout=180,
        env=dict(os.environ, RANKBOOK_STANDSTILL_MS="2000"), stdin=subprocess.DEVNULL)
    assert done.returncode == 0, done.stderr
    stored = shown(NOTEBOOK)
    assert sum("error" in kinds for kinds, _ in stored) == 5
    for want, got in zip(stored, shown(tmp_path / "out.ipynb"), strict=True):
        assert got == want
