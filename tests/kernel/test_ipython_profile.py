"""The user's IPython profile, and the history."""

import sqlite3

import pytest
from harness import Kernel

IPYTHON_CONFIG = """
c.InteractiveShellApp.exec_lines = ["of_a_line = 1", "1 / 0", "nowhere"]
c.InteractiveShellApp.extensions = ["rankbook_extension", "no_such_extension"]
c.InteractiveShell.cache_size = 77
"""
KERNEL_CONFIG = """
c.IPKernelApp.exec_files = [{file!r}]
c.InlineBackend.figure_formats = {{"svg"}}
"""
STARTUP = "import os\nof_a_file = 2\n"
EXTENSION = "def load_ipython_extension(shell): shell.user_ns['of_an_extension'] = 4\n"


@pytest.fixture(scope="module", params=[1, 4])
def kernel(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("ipython")
    profile = folder / "profile_default"
    (profile / "startup").mkdir(parents=True)
    (profile / "startup" / "10-first.py").write_text(STARTUP)
    (profile / "startup" / "20-bad.py").write_text("raise ValueError('of a startup file')\n")
    (profile / "ipython_config.py").write_text(IPYTHON_CONFIG)
    (profile / "ipython_kernel_config.py").write_text(
        KERNEL_CONFIG.format(file=str(folder / "run.py")))
    (folder / "run.py").write_text("of_an_exec_file = 3\n")
    (folder / "rankbook_extension.py").write_text(EXTENSION)
    (folder / "begin.py").write_text("of_python = 5\n")
    env = {"IPYTHONDIR": str(folder), "PYTHONPATH": str(folder),
           "PYTHONSTARTUP": str(folder / "begin.py")}
    with Kernel(request.param, "mpiexec", env=env) as kernel:
        kernel.folder = folder
        kernel.first = [kernel.run("pass", silent=True), kernel.run("print('a cell')"),
                        kernel.run("print('a cell')")]
        yield kernel


def test_errors_of_the_start_come_with_the_first_cell(kernel):
    silent, first, second = kernel.first
    assert not silent.outputs
    said = first.text("stderr")
    words = ["Errors at the start of IPython", "no_such_extension", "ZeroDivisionError",
             "'nowhere'", "of a startup file", "20-bad.py"]
    found = [said.find(word) for word in words]
    assert -1 not in found, said
    assert found[0] < found[1] and found[2] < found[3]
    assert said.count("division by zero") == 1 and "rankbook_shell" not in said
    assert first.text() == "a cell\n" and first.content["status"] == "ok"
    assert second.text() == "a cell\n" and second.stream("stderr") == ""


def test_a_configuration_that_cannot_be_read(tmp_path):
    profile = tmp_path / "profile_default"
    profile.mkdir()
    (profile / "ipython_config.py").write_text("c.InteractiveShell.cache_size = nonsense\n")
    with Kernel(4, "mpiexec", env={"IPYTHONDIR": str(tmp_path)}) as kernel:
        done = kernel.run("%%rank 1-3\nprint('three')")
        assert done.content["status"] == "ok"
        assert "ipython_config.py is not used: NameError" in done.stream("stderr")
        done = kernel.run("print('all')")  # of rank 0, which had no cell yet
        assert done.stream("stderr").startswith("[0] Errors at the start"), done.outputs


def test_configuration_and_startup_files(kernel):
    done = kernel.run("of_a_line + of_a_file + of_an_exec_file + of_an_extension + of_python")
    assert done.result == "15", done.outputs


def test_settings_of_both_files(kernel):
    assert kernel.run("get_ipython().cache_size").result == "77"
    assert "svg" in kernel.run("get_ipython().config.InlineBackend.figure_formats").result


def test_names_of_the_startup_are_not_the_users(kernel):
    kernel.run("%reset_selective -f ^mine$\nmine = 1")
    assert kernel.run("%who").text().split() == ["mine"]


def test_history_is_written_by_one_rank(kernel):
    kernel.run("'a cell for the history'")
    kernel.request("history_request", {"hist_access_type": "tail", "n": 1, "raw": True,
                                       "output": False})
    kernel.run("get_ipython().history_manager.writeout_cache()")
    base = sqlite3.connect(kernel.folder / "profile_default/history.sqlite")
    rows = base.execute("select count(*) from history where source like '%for the history%'")
    assert rows.fetchone() == (1,)
    base.close()
