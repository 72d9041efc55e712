"""Prints, as Make variables, what the build must know of Python and the MPI.

usage: config.py MPICC
"""

import re
import subprocess
import sys
import sysconfig


def mpi_libdir(mpicc):
    """The directory of the libmpi that the compiler wrapper links, or ""."""
    show = subprocess.run([mpicc, "-show"], capture_output=True, text=True)
    found = re.search(r"-L\s*(\S+)", show.stdout)
    return found.group(1) if found else ""


def main(mpicc):
    libdir = sysconfig.get_config_var("LIBDIR")
    version = sysconfig.get_config_var("LDVERSION")
    print("PY_CFLAGS := -I" + sysconfig.get_path("include"))
    print(f"PY_LIBS := -L{libdir} -Wl,-rpath,{libdir} -lpython{version} -ldl -lm")
    print("PY_EXT := " + sysconfig.get_config_var("EXT_SUFFIX"))
    print("MPI_LIBDIR := " + mpi_libdir(mpicc))


main(sys.argv[1])
