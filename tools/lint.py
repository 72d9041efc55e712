"""Checks what no compiler checks: who may include whom, and how long things are.

Includes go one way, by the table below (docs/architecture.md explains it).  Every
header compiles alone.  Files have at most 600 lines, C functions at most 60.
"""

import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
FILE_LINES = 600
FUNCTION_LINES = 60

# folder -> the folders whose headers it may include, beside its own
MAY_INCLUDE = {
    "kernel/base": [],
    "kernel/wire": ["kernel/base"],
    "kernel/page": ["kernel/base"],
    "kernel/jupyter": ["kernel/base"],
    "kernel/front": ["kernel/base", "kernel/wire", "kernel/jupyter", "magics"],
    "kernel/keeper": ["kernel/base", "kernel/wire", "kernel/page"],
    "kernel/interpreter": ["kernel/base", "kernel/page"],
    "magics": ["kernel/base"],
    "launcher": ["kernel/base", "kernel/jupyter"],
    "bindings/wait": ["kernel/base", "kernel/page"],
    "bindings/src": ["bindings/wait"],
}
# folder -> outside headers that are never included there
NEVER = {
    "kernel": ["mpi.h"],
    "launcher": ["mpi.h", "Python.h"],
    "magics": ["mpi.h", "Python.h", "zmq.h", "jansson.h"],
    "bindings": ["zmq.h", "jansson.h"],
    "kernel/keeper": ["Python.h", "jansson.h"],
    "kernel/interpreter": ["zmq.h", "jansson.h"],
    "kernel/front": ["Python.h"],
    "bindings/wait": ["Python.h"],
}


def tracked(*patterns):
    out = subprocess.run(["git", "ls-files", *patterns], cwd=ROOT, text=True,
                         capture_output=True, check=True).stdout
    return [pathlib.PurePosixPath(line) for line in out.splitlines()]


def folder_of(path, folders):
    """The longest of 'folders' that 'path' lies in, or None."""
    inside = [f for f in folders if str(path).startswith(f + "/")]
    return max(inside, key=len, default=None)


def check_includes(path, text):
    own = folder_of(path, MAY_INCLUDE)
    if not own:
        return
    for line, name in enumerate(text.splitlines(), 1):
        found = re.match(r'\s*#\s*include\s+["<]([^">]+)[">]', name)
        if not found:
            continue
        header = found.group(1)
        other = folder_of(header, MAY_INCLUDE)
        if other and other != own and other not in MAY_INCLUDE[own]:
            yield f"{path}:{line}: {own} must not include {other}"
        for folder, names in NEVER.items():
            if str(path).startswith(folder + "/") and header in names:
                yield f"{path}:{line}: {folder} must not include {header}"


def check_lengths(path, text):
    lines = text.splitlines()
    if len(lines) > FILE_LINES:
        yield f"{path}: {len(lines)} lines, more than {FILE_LINES}"
    if path.suffix != ".c":
        return
    begin = None
    for number, line in enumerate(lines, 1):
        if line.startswith("{"):
            begin = number
        elif line.startswith("}") and begin:
            if number - begin - 1 > FUNCTION_LINES:
                yield (f"{path}:{begin}: a function of {number - begin - 1} lines, "
                       f"more than {FUNCTION_LINES}")
            begin = None


def check_header(path):
    if str(path).startswith("bindings/"):
        return  # need the generated headers and mpi.h: the build compiles them
    done = subprocess.run(
        ["gcc", "-std=c11", "-D_GNU_SOURCE", "-I.", "-Wall", "-Wextra",
         "-Wno-unused-function", "-fsyntax-only", "-x", "c", str(path)],
        cwd=ROOT, capture_output=True, text=True)
    if done.returncode or "warning" in done.stderr.replace("pragma once", ""):
        yield f"{path}: does not compile alone:\n{done.stderr}"


def main():
    problems = []
    for path in tracked("*.c", "*.h", "*.py"):
        text = (ROOT / path).read_text()
        problems += check_lengths(path, text)
        if path.suffix in (".c", ".h"):
            problems += check_includes(path, text)
        if path.suffix == ".h" and not str(path).startswith("tests/"):
            problems += check_header(path)
    print("\n".join(problems) or "includes, lengths, headers: ok")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
