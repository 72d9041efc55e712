"""Prints the directory of the libmpi that an MPI compiler wrapper links."""

import re
import subprocess
import sys


def main(mpicc):
    show = subprocess.run([mpicc, "-show"], capture_output=True, text=True)
    for directory in re.findall(r"-L\s*(\S+)", show.stdout):
        print(directory)
        return


main(sys.argv[1])
