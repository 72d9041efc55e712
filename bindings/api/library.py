"""What the MPI library in use declares: its mpi.h, seen through the preprocessor."""

import re
import subprocess

PROTOTYPE = re.compile(r"^((?:int|double|MPI_\w+) \*?)(MPI_[A-Z]\w+) ?\((.*)\)$")
CALLBACK = re.compile(r"^typedef (\w+) \((MPI_\w+_(?:function|function_c))\) ?\((.*)\)$")


class Library:
    """functions and callbacks (types of functions): name -> prototype, in one line;
    names: everything else that is called MPI or MPIX."""

    def __init__(self, compiler):
        text = preprocess(compiler, "-E", "-P")
        text = re.sub(r"__attribute__ ?\(\(.*?\)\)(?=[\s;])\)?", "", text)
        self.functions, self.callbacks = {}, {}
        for statement in text.split(";"):
            line = " ".join(statement.split())
            found = PROTOTYPE.match(line)
            if found:
                self.functions[found[2]] = line
            elif found := CALLBACK.match(line):
                self.callbacks[found[2]] = "%s %s(%s)" % found.groups()
        macros = re.findall(r"#define (MPI\w+)", preprocess(compiler, "-E", "-dM"))
        self.names = set(macros) | set(re.findall(r"\bMPIX?_[A-Z0-9_]+\b", text))

    def has(self, name):
        return name in self.functions or name in self.names


def preprocess(compiler, *options):
    command = [*compiler, *options, "-x", "c", "-"]
    return subprocess.run(command, input="#include <mpi.h>\n", capture_output=True,
                          text=True, check=True).stdout
