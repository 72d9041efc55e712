/* intercomm.c - communication between two groups */
#include "bindings/src/comm.h"
#include "bindings/src/error.h"
#include "mpi_impl.h"

PyObject *intracomm_Create_intercomm_impl(struct comm_object *self, int local_leader,
                                          MPI_Comm peer_comm, int remote_leader,
                                          int tag)
{
    MPI_Comm comm = MPI_COMM_NULL;
    int rc;

    MPI_CALL(rc, MPI_Intercomm_create(self->mpi, local_leader, peer_comm, remote_leader,
                                      tag, &comm));
    return comm_created(module->types[CLASS_Intercomm], rc, comm);
}

PyObject *intercomm_Create_from_groups_impl(PyTypeObject *cls, MPI_Group local_group,
                                            int local_leader, MPI_Group remote_group,
                                            int remote_leader, const char *stringtag,
                                            MPI_Info info,
                                            struct errhandler_object *errhandler)
{
    MPI_Errhandler handler = errhandler ? errhandler->mpi : MPI_ERRORS_RETURN;
    MPI_Comm comm = MPI_COMM_NULL;
    int rc;

    MPI_CALL(rc, MPI_Intercomm_create_from_groups(local_group, local_leader,
                                                  remote_group, remote_leader,
                                                  stringtag, info, handler, &comm));
    if (!errhandler || rc != MPI_SUCCESS)
        return comm_created(module->types[CLASS_Intercomm], rc, comm);
    return comm_wrap_as(module->types[CLASS_Intercomm], comm);
}

PyObject *intercomm_Get_remote_group_impl(struct comm_object *self)
{
    MPI_Group group = MPI_GROUP_NULL;

    if (mpi_check(MPI_Comm_remote_group(self->mpi, &group)) < 0)
        return NULL;
    return group_wrap(group);
}

PyObject *intercomm_Get_remote_size_impl(struct comm_object *self)
{
    int size = -1;

    if (mpi_check(MPI_Comm_remote_size(self->mpi, &size)) < 0)
        return NULL;
    return PyLong_FromLong(size);
}

PyObject *intercomm_Merge_impl(struct comm_object *self, bool high)
{
    MPI_Comm comm = MPI_COMM_NULL;
    int rc;

    MPI_CALL(rc, MPI_Intercomm_merge(self->mpi, high, &comm));
    return comm_created(module->types[CLASS_Intracomm], rc, comm);
}
