/* port.c - programs that were started apart meet: ports, names, sockets, parents */
#include "bindings/src/port.h"

#include "bindings/src/comm.h"
#include "bindings/src/errhandler.h"
#include "bindings/src/error.h"
#include "mpi_impl.h"

/* ------------------------------------------------------------ ports */
#define TEXT_OF(number) #number
#define DIGITS(number) TEXT_OF(number)

/* The hints of the caller, who may know better, and ours: an info to be freed. */
static int add_room(MPI_Info info, MPI_Info *with_room)
{
    int flag = 0, length = 0;

    if (mpi_check(info == MPI_INFO_NULL ? MPI_Info_create(with_room)
                                        : MPI_Info_dup(info, with_room))
        < 0)
        return -1;
    if (mpi_check(MPI_Info_get_string(*with_room, PORT_ROOM_KEY, &length, NULL, &flag))
            == 0
        && (flag
            || mpi_check(MPI_Info_set(*with_room, PORT_ROOM_KEY, DIGITS(PORT_ROOM)))
                   == 0))
        return 0;
    MPI_Info_free(with_room);
    return -1;
}

PyObject *mpi_Open_port_impl(MPI_Info info)
{
    char name[PORT_MAX + 1] = "";
    MPI_Info with_room;
    int rc;

    if (add_room(info, &with_room) < 0)
        return NULL;
    MPI_CALL(rc, MPI_Open_port(with_room, name));
    MPI_Info_free(&with_room);
    return mpi_check(rc) < 0 ? NULL : PyUnicode_FromString(name);
}

int mpi_Close_port_impl(const char *port_name)
{
    int rc;

    MPI_CALL(rc, MPI_Close_port(port_name));
    return mpi_check(rc);
}

int mpi_Publish_name_impl(const char *service_name, const char *port_name,
                          MPI_Info info)
{
    int rc;

    MPI_CALL(rc, MPI_Publish_name(service_name, info, port_name));
    return mpi_check(rc);
}

int mpi_Unpublish_name_impl(const char *service_name, const char *port_name,
                            MPI_Info info)
{
    int rc;

    MPI_CALL(rc, MPI_Unpublish_name(service_name, info, port_name));
    return mpi_check(rc);
}

PyObject *mpi_Lookup_name_impl(const char *service_name, MPI_Info info)
{
    char name[PORT_MAX + 1] = "";
    MPI_Info with_room;
    int rc;

    if (add_room(info, &with_room) < 0)
        return NULL;
    MPI_CALL(rc, MPI_Lookup_name(service_name, with_room, name));
    MPI_Info_free(&with_room);
    return mpi_check(rc) < 0 ? NULL : PyUnicode_FromString(name);
}

/* ------------------------------------------------------------ meeting */
typedef int (*meet_f)(const char *port, MPI_Info info, int root, MPI_Comm comm,
                      MPI_Comm *newcomm);

/* Only the root's port matters. */
static PyObject *meet(struct comm_object *self, meet_f call, PyObject *port_name,
                      MPI_Info info, int root)
{
    MPI_Comm comm = MPI_COMM_NULL;
    int rank = MPI_PROC_NULL, rc;
    const char *port = "";

    if (mpi_check(MPI_Comm_rank(self->mpi, &rank)) < 0
        || (rank == root && !(port = bind_string(port_name, "port_name"))))
        return NULL;
    MPI_CALL(rc, call(port, info, root, self->mpi, &comm));
    return comm_created(module->types[CLASS_Intercomm], rc, comm);
}

PyObject *intracomm_Accept_impl(struct comm_object *self, PyObject *port_name,
                                MPI_Info info, int root)
{
    return meet(self, MPI_Comm_accept, port_name, info, root);
}

PyObject *intracomm_Connect_impl(struct comm_object *self, PyObject *port_name,
                                 MPI_Info info, int root)
{
    return meet(self, MPI_Comm_connect, port_name, info, root);
}

PyObject *comm_Join_impl(PyTypeObject *cls, int fd)
{
    MPI_Comm comm = MPI_COMM_NULL;
    int rc;

    MPI_CALL(rc, MPI_Comm_join(fd, &comm));
    return comm_created(module->types[CLASS_Intercomm], rc, comm);
}

/* Always the same object, so that all who have asked see that it was freed. */
PyObject *comm_Get_parent_impl(PyTypeObject *cls)
{
    MPI_Comm comm = MPI_COMM_NULL;

    if (!module->parent
        && !(module->parent =
                 comm_wrap_as(module->types[CLASS_Intercomm], MPI_COMM_NULL)))
        return NULL;
    if (mpi_check(MPI_Comm_get_parent(&comm)) < 0
        || (comm != ((struct comm_object *)module->parent)->mpi
            && errhandler_apply_comm(comm) < 0))
        return NULL;
    ((struct comm_object *)module->parent)->mpi = comm;
    return Py_NewRef(module->parent);
}
