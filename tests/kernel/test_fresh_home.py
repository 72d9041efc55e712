"""The first kernel of a new user: no IPython profile, no configuration, no cache."""

import sqlite3

import pytest
from harness import Kernel


@pytest.mark.parametrize("ranks, method", [(4, "none"), (2, "mpiexec")])
def test_a_new_home(ranks, method, tmp_path):
    env = {"HOME": str(tmp_path), "IPYTHONDIR": str(tmp_path / ".ipython")}
    with Kernel(ranks, method, env=env) as kernel:
        assert kernel.run("1 + 1").result == "2"
    history = sqlite3.connect(tmp_path / ".ipython/profile_default/history.sqlite")
    assert ("1 + 1",) in history.execute("select source from history").fetchall()
    history.close()
