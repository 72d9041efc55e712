"""All members begin a collective or none does: arrive.pml, in every order of steps."""

import pathlib
import re
import subprocess

import pytest

FOLDER = pathlib.Path(__file__).resolve().parent
ROOT = FOLDER.parents[1]

WORLDS = [
    {"MEMBERS": 2, "CALLS": 6, "STOPS": 2, "SLIPS": 1, "FAULTS": 2},
    {"MEMBERS": 3, "CALLS": 3, "STOPS": 2, "SLIPS": 1, "FAULTS": 0},
    {"MEMBERS": 3, "CALLS": 2, "STOPS": 1, "SLIPS": 0, "FAULTS": 3},
    {"MEMBERS": 4, "CALLS": 2, "STOPS": 1, "SLIPS": 0, "FAULTS": 0},
    {"MEMBERS": 2, "CALLS": 3, "STOPS": 1, "SLIPS": 0, "FAULTS": 1, "BARES": 2},
    {"MEMBERS": 3, "CALLS": 2, "STOPS": 0, "SLIPS": 0, "FAULTS": 1, "BARES": 1},
    {"MEMBERS": 2, "CALLS": 6, "STOPS": 2, "SLIPS": 1, "FAULTS": 0, "CARRY": 1},
    {"MEMBERS": 3, "CALLS": 3, "STOPS": 1, "SLIPS": 0, "FAULTS": 0, "CARRY": 1},
]
# Without a rule, what spin must find.
BROKEN = {
    "NEVER_CLOSED": {"MEMBERS": 2, "CALLS": 5, "STOPS": 4, "SLIPS": 0, "FAULTS": 0},
    "FAIL_ONE": {"MEMBERS": 2, "CALLS": 3, "STOPS": 0, "SLIPS": 0, "FAULTS": 1},
    "ONE_SLOT": {"MEMBERS": 2, "CALLS": 3, "STOPS": 0, "SLIPS": 0, "FAULTS": 0, "CARRY": 1},
}


def search(folder, defines):
    """The number of errors in all states that can be reached."""
    flags = [f"-D{name}={value}" for name, value in defines.items()]
    subprocess.run(["spin", "-a", *flags, FOLDER / "arrive.pml"], cwd=folder, check=True)
    subprocess.run(["gcc", "-O2", "-w", f"-I{ROOT}", "-DSAFETY", "-DCOLLAPSE",
                    "-DMEMLIM=2000", "-o", "pan", "pan.c"], cwd=folder, check=True)
    done = subprocess.run(["./pan", "-m100000"], cwd=folder, capture_output=True,
                          text=True, check=True)
    assert "Search not completed" not in done.stdout or "errors: 1" in done.stdout
    assert "max search depth too small" not in done.stdout
    return int(re.search(r"errors: (\d+)", done.stdout).group(1))


@pytest.mark.parametrize("defines", WORLDS, ids=str)
def test_all_or_none(tmp_path, defines):
    assert search(tmp_path, defines) == 0


@pytest.mark.parametrize("rule", BROKEN)
def test_each_rule_is_needed(tmp_path, rule):
    assert search(tmp_path, {**BROKEN[rule], rule: 1}) == 1
