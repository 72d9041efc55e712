"""What the MPI library in use declares: its mpi.h, seen through the preprocessor."""

import re
import subprocess

PROTOTYPE = re.compile(r"^((?:int|double|MPI_\w+) \*?)(MPI_[A-Z]\w+) ?\((.*)\)$")


class Library:
    """functions: name -> prototype (one line); names: everything else called MPI*."""

    def __init__(self, compiler):
        text = preprocess(compiler, "-E", "-P")
        text = re.sub(r"__attribute__ ?\(\(.*?\)\)(?=[\s;])\)?", "", text)
        self.functions = {}
        for statement in text.split(";"):
            line = " ".join(statement.split())
            found = PROTOTYPE.match(line)
            if found:
                self.functions[found[2]] = line
        macros = re.findall(r"#define (MPI\w+)", preprocess(compiler, "-E", "-dM"))
        self.names = set(macros) | set(re.findall(r"\bMPIX?_[A-Z0-9_]+\b", text))

    def has(self, name):
        return name in self.functions or name in self.names


def preprocess(compiler, *options):
    command = [*compiler, *options, "-x", "c", "-"]
    return subprocess.run(command, input="#include <mpi.h>\n", capture_output=True,
                          text=True, check=True).stdout
