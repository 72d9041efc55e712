"""Programs that meet: ports, names, sockets, parents."""
import socket
import threading

import pytest

from mpi4py import MPI


def test_a_port_is_no_longer_than_promised(comm):
    port = MPI.Open_port()
    assert 0 < len(port) < MPI.MAX_PORT_NAME
    MPI.Close_port(port)


def test_names(comm):
    service = "rankbook-%d" % comm.rank
    port = MPI.Open_port()
    MPI.Publish_name(service, port)
    assert MPI.Lookup_name(service) == port
    MPI.Unpublish_name(service, port)
    with pytest.raises(MPI.Exception):
        MPI.Lookup_name(service)
    MPI.Close_port(port)


def test_wrong_ports(comm):
    for call in (MPI.COMM_SELF.Accept, MPI.COMM_SELF.Connect, MPI.Close_port):
        with pytest.raises(TypeError):
            call(None)
        with pytest.raises(TypeError):
            call(5)
    with pytest.raises(MPI.Exception):
        MPI.Close_port("no port")
    with pytest.raises(TypeError):
        MPI.Open_port(None)
    with pytest.raises(TypeError):
        MPI.Publish_name(5, "port")
    with pytest.raises(MPI.Exception):
        MPI.Comm.Join(-1)


def test_nobody_started_us(comm):
    parent = MPI.Comm.Get_parent()
    assert type(parent) is MPI.Intercomm
    assert parent == MPI.COMM_NULL
    assert MPI.Comm.Get_parent() is MPI.Intracomm.Get_parent() is parent


def test_accept_leaves_python_to_others(comm):
    """Rank 0 hears of the port from a thread of the rank that waits at it.

    By a socket: MPICH lets no other thread communicate meanwhile.
    """
    if comm.size < 2 or comm.rank > 1:
        return
    if comm.rank == 0:
        with socket.create_connection(comm.recv(source=1)) as end:
            other = MPI.COMM_SELF.Connect(end.makefile().readline().strip())
    else:
        port = MPI.Open_port()
        server = socket.create_server(("127.0.0.1", 0))
        comm.send(server.getsockname(), dest=0)

        def tell():
            with server, server.accept()[0] as end:
                end.sendall(port.encode() + b"\n")

        thread = threading.Thread(target=tell)
        thread.start()
        other = MPI.COMM_SELF.Accept(port)
        thread.join()
        MPI.Close_port(port)
    assert type(other) is MPI.Intercomm
    assert (other.size, other.remote_size) == (1, 1)
    other.Disconnect()
    assert other == MPI.COMM_NULL


def test_join(comm):
    if comm.size < 2 or comm.rank > 1:
        return
    if comm.rank == 0:
        with socket.create_server(("127.0.0.1", 0)) as server:
            comm.send(server.getsockname(), dest=1)
            end, _ = server.accept()
    else:
        end = socket.create_connection(comm.recv(source=0))
    with end:
        other = MPI.Comm.Join(end.fileno())
    assert type(other) is MPI.Intercomm
    assert other.remote_size == 1
    other.Disconnect()
