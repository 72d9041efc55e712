"""A program that test_ours_spawn.py starts."""
import sys

sys.path[:0] = sys.argv[1].split(":")
from mpi4py import MPI  # noqa: E402

parent = MPI.Comm.Get_parent()
assert type(parent) is MPI.Intercomm
every = parent.Merge(True)
every.Gather([bytearray([MPI.COMM_WORLD.size]), MPI.BYTE], None, root=0)
every.Gather([bytearray([len(sys.argv) - 2]), MPI.BYTE], None, root=0)
every.Free()
parent.Disconnect()
assert MPI.Comm.Get_parent() is parent and parent == MPI.COMM_NULL
