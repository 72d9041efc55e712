"""mpi4py's demos of code in other languages, compiled against our package.

They come with mpi4py's sources.  Each makes a module 'helloworld' from C, C++, Cython
or SWIG, or a library that ctypes and cffi load, and calls it with communicators.
"""
import faulthandler
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BUILD = ROOT / os.environ.get("BUILD", "build")
PACKAGE = BUILD / "lib/rankbook/python"
HEADERS = PACKAGE / "mpi4py/include"
BIN = Path(sys.executable).parent
MPIEXEC = os.environ.get("MPIEXEC") or str(BIN / "mpiexec")
ENVIRONMENT = {
    **os.environ,
    "PYTHONPATH": str(PACKAGE),
    "MPICH_CC": "gcc",
    "MPICH_CXX": "g++",
}
MODULE = "helloworld" + sysconfig.get_config_var("EXT_SUFFIX")

sys.path.insert(0, str(ROOT / "tests/mpi4py"))


def run(*command, cwd):
    done = subprocess.run(
        [str(word) for word in command],
        cwd=cwd, env=ENVIRONMENT, text=True, timeout=100,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def compile_with(compiler, source, target, *options, cwd):
    include = ["-I", HEADERS, "-I", sysconfig.get_path("include")]
    command = [BIN / compiler, "-shared", "-fPIC", *include, *options]
    return run(*command, "-o", target, source, cwd=cwd)


def build_c(folder):
    warn = ["-Wall", "-Wextra", "-Werror", "-Wno-unused-parameter"]
    compile_with("mpicc", "helloworld.c", MODULE, *warn, cwd=folder)


def build_c_with_layouts(folder):
    """The same without the limited API."""
    source = folder / "helloworld.c"
    lines = source.read_text().splitlines(keepends=True)
    source.write_text("".join(line for line in lines if "LIMITED_API" not in line))
    build_c(folder)


def build_library(folder):
    """Only file names as text reach cffi's dlopen()."""
    compile_with("mpicc", "helloworld.c", "libhelloworld.so", cwd=folder)
    source = folder / "helloworld.py"
    text = source.read_text()
    source.write_text(text.replace('ffi.dlopen(_libdir / "libhelloworld.so")',
                                   'ffi.dlopen(str(_libdir / "libhelloworld.so"))'))


def build_cython(folder):
    run(BIN / "cython", "-I", PACKAGE, "helloworld.pyx", cwd=folder)
    compile_with("mpicc", "helloworld.c", MODULE, cwd=folder)


def build_pybind11(folder):
    options = run(sys.executable, "-m", "pybind11", "--includes", cwd=folder).split()
    compile_with("mpicxx", "helloworld.cxx", MODULE, *options, cwd=folder)


def build_swig(folder):
    run("swig", "-python", f"-I{HEADERS}", "helloworld.i", cwd=folder)
    compile_with("mpicc", "helloworld_wrap.c", "_" + MODULE, cwd=folder)


BUILDS = {
    "wrap-c": build_c,
    "wrap-c, layouts": build_c_with_layouts,
    "wrap-cython": build_cython,
    "wrap-ctypes": build_library,
    "wrap-cffi": build_library,
    "wrap-pybind11": build_pybind11,
    "wrap-swig": build_swig,
}


@pytest.fixture(autouse=True)
def patience():
    """Compilers take longer than ranks may; every command has its own limit."""
    faulthandler.cancel_dump_traceback_later()


@pytest.fixture(scope="session")
def demos():
    from suite import fetch

    return fetch(BUILD / "mpi4py-suite").parent / "demo"


@pytest.mark.parametrize("name", BUILDS)
def test_wrap(demos, tmp_path, name):
    folder = tmp_path / "demo"
    shutil.copytree(demos / name.partition(",")[0], folder)
    BUILDS[name](folder)
    for ranks in (1, 2):
        words = [MPIEXEC, "-n", ranks, sys.executable, "-W", "error", "test.py"]
        said = run(*words, cwd=folder)
        for rank in range(ranks):
            assert f"I am process {rank} of {ranks} on" in said


def test_cython_module(demos, tmp_path):
    """Types of mpi4py.MPI, MPI's own functions, and both kinds of import."""
    folder = tmp_path / "demo"
    shutil.copytree(demos / "cython", folder)
    build_cython(folder)
    command = [MPIEXEC, "-n", 1, sys.executable, "-W", "error", "-c", "import helloworld"]
    assert run(*command, cwd=folder).count("I am process 0 of 1") == 3


def test_init_fini(demos):
    """Options of mpi4py.rc, and MPI begun and ended by hand: 24 launches."""
    done = subprocess.run(
        ["sh", str(demos / "init-fini/run.sh")],
        env={**ENVIRONMENT, "PYTHON": sys.executable, "MPIEXEC": MPIEXEC},
        capture_output=True,
        text=True,
        timeout=200,
    )
    assert (done.returncode, done.stderr.count("init-fini/test_")) == (0, 24), done.stderr
