/* comm.c - communicators: what they are, how they are made */
#include "bindings/src/comm.h"

#include "bindings/src/errhandler.h"
#include "bindings/src/error.h"
#include "bindings/src/request.h"
#include "mpi_impl.h"

/* ------------------------------------------------------------ queries */
PyObject *comm_Get_size_impl(struct comm_object *self)
{
    int size = -1;

    if (mpi_check(MPI_Comm_size(self->mpi, &size)) < 0)
        return NULL;
    return PyLong_FromLong(size);
}

PyObject *comm_Get_rank_impl(struct comm_object *self)
{
    int rank = MPI_PROC_NULL;

    if (mpi_check(MPI_Comm_rank(self->mpi, &rank)) < 0)
        return NULL;
    return PyLong_FromLong(rank);
}

PyObject *comm_Get_group_impl(struct comm_object *self)
{
    MPI_Group group = MPI_GROUP_NULL;

    if (mpi_check(MPI_Comm_group(self->mpi, &group)) < 0)
        return NULL;
    return group_wrap(group);
}

PyObject *comm_Compare_impl(struct comm_object *self, MPI_Comm comm)
{
    int result = MPI_UNEQUAL;

    if (mpi_check(MPI_Comm_compare(self->mpi, comm, &result)) < 0)
        return NULL;
    return PyLong_FromLong(result);
}

static int test_inter(struct comm_object *self, int *flag)
{
    *flag = 0;
    return mpi_check(MPI_Comm_test_inter(self->mpi, flag));
}

PyObject *comm_Is_inter_impl(struct comm_object *self)
{
    int flag;

    return test_inter(self, &flag) < 0 ? NULL : PyBool_FromLong(flag);
}

PyObject *comm_Is_intra_impl(struct comm_object *self)
{
    int flag;

    return test_inter(self, &flag) < 0 ? NULL : PyBool_FromLong(!flag);
}

static int topology_of(struct comm_object *self, int *topology)
{
    *topology = MPI_UNDEFINED;
    return mpi_check(MPI_Topo_test(self->mpi, topology));
}

PyObject *comm_Get_topology_impl(struct comm_object *self)
{
    int topology;

    return topology_of(self, &topology) < 0 ? NULL : PyLong_FromLong(topology);
}

PyObject *comm_is_topo_get(struct comm_object *self)
{
    int topology;

    if (topology_of(self, &topology) < 0)
        return NULL;
    return PyBool_FromLong(topology != MPI_UNDEFINED);
}

PyObject *comm_Get_name_impl(struct comm_object *self)
{
    char name[MPI_MAX_OBJECT_NAME + 1] = "";
    int length = 0;

    if (mpi_check(MPI_Comm_get_name(self->mpi, name, &length)) < 0)
        return NULL;
    return PyUnicode_FromStringAndSize(name, length);
}

int comm_Set_name_impl(struct comm_object *self, const char *name)
{
    return mpi_check(MPI_Comm_set_name(self->mpi, name));
}

int comm_name_set(struct comm_object *self, PyObject *value)
{
    const char *name = bind_string(value, "name");

    return name ? comm_Set_name_impl(self, name) : -1;
}

/* ------------------------------------------------------------ making new ones */
PyObject *comm_created(PyTypeObject *cls, int rc, MPI_Comm comm)
{
    if (mpi_check(rc) < 0 || errhandler_apply_comm(comm) < 0)
        return NULL;
    return comm_wrap_as(cls, comm);
}

PyObject *comm_started(struct comm_object *self, PyTypeObject *cls, comm_start_f call,
                       MPI_Info info)
{
    struct keep_object *keep = keep_create();
    PyObject *object = comm_wrap_as(cls, MPI_COMM_NULL), *started;
    MPI_Comm *comm = object ? &((struct comm_object *)object)->mpi : NULL;
    MPI_Request request = MPI_REQUEST_NULL;
    int rc;

    if (!keep || !object) {
        Py_XDECREF(object);
        Py_XDECREF(keep);
        return NULL;
    }
    keep->object = Py_NewRef(object);
    MPI_CALL(rc, call(self->mpi, info, comm, &request));
    started = request_started(rc, request, keep);
    if (started && errhandler_apply_comm(*comm) < 0)
        Py_CLEAR(started);
    return Py_BuildValue("NN", object, started);
}

PyObject *comm_Clone_impl(struct comm_object *self)
{
    return comm_Dup_impl(self, NULL);
}

PyObject *comm_Dup_impl(struct comm_object *self, struct info_object *info)
{
    MPI_Comm comm = MPI_COMM_NULL;
    int rc;

    MPI_CALL(rc, info ? MPI_Comm_dup_with_info(self->mpi, info->mpi, &comm)
                      : MPI_Comm_dup(self->mpi, &comm));
    return comm_created(Py_TYPE(self), rc, comm);
}

PyObject *comm_Dup_with_info_impl(struct comm_object *self, MPI_Info info)
{
    MPI_Comm comm = MPI_COMM_NULL;
    int rc;

    MPI_CALL(rc, MPI_Comm_dup_with_info(self->mpi, info, &comm));
    return comm_created(Py_TYPE(self), rc, comm);
}

static int idup(MPI_Comm comm, MPI_Info unused, MPI_Comm *newcomm, MPI_Request *request)
{
    return MPI_Comm_idup(comm, newcomm, request);
}

PyObject *comm_Idup_impl(struct comm_object *self, struct info_object *info)
{
    return info ? comm_Idup_with_info_impl(self, info->mpi)
                : comm_started(self, Py_TYPE(self), idup, MPI_INFO_NULL);
}

PyObject *comm_Idup_with_info_impl(struct comm_object *self, MPI_Info info)
{
    return comm_started(self, Py_TYPE(self), MPI_Comm_idup_with_info, info);
}

PyObject *comm_Create_impl(struct comm_object *self, MPI_Group group)
{
    MPI_Comm comm = MPI_COMM_NULL;
    int rc;

    MPI_CALL(rc, MPI_Comm_create(self->mpi, group, &comm));
    return comm_created(comm_plain_class(self), rc, comm);
}

PyObject *intracomm_Create_group_impl(struct comm_object *self, MPI_Group group,
                                      int tag)
{
    MPI_Comm comm = MPI_COMM_NULL;
    int rc;

    MPI_CALL(rc, MPI_Comm_create_group(self->mpi, group, tag, &comm));
    return comm_created(module->types[CLASS_Intracomm], rc, comm);
}

/* The given error handler is that of the new communicator, too. */
PyObject *intracomm_Create_from_group_impl(PyTypeObject *cls, MPI_Group group,
                                           const char *stringtag, MPI_Info info,
                                           struct errhandler_object *errhandler)
{
    MPI_Errhandler handler = errhandler ? errhandler->mpi : MPI_ERRORS_RETURN;
    MPI_Comm comm = MPI_COMM_NULL;
    int rc;

    MPI_CALL(rc, MPI_Comm_create_from_group(group, stringtag, info, handler, &comm));
    if (!errhandler || rc != MPI_SUCCESS)
        return comm_created(module->types[CLASS_Intracomm], rc, comm);
    return comm_wrap_as(module->types[CLASS_Intracomm], comm);
}

PyObject *comm_Split_impl(struct comm_object *self, int color, int key)
{
    MPI_Comm comm = MPI_COMM_NULL;
    int rc;

    MPI_CALL(rc, MPI_Comm_split(self->mpi, color, key, &comm));
    return comm_created(comm_plain_class(self), rc, comm);
}

PyObject *comm_Split_type_impl(struct comm_object *self, int split_type, int key,
                               MPI_Info info)
{
    MPI_Comm comm = MPI_COMM_NULL;
    int rc;

    MPI_CALL(rc, MPI_Comm_split_type(self->mpi, split_type, key, info, &comm));
    return comm_created(comm_plain_class(self), rc, comm);
}

/* ------------------------------------------------------------ hints */
PyObject *comm_Get_info_impl(struct comm_object *self)
{
    MPI_Info info = MPI_INFO_NULL;

    if (mpi_check(MPI_Comm_get_info(self->mpi, &info)) < 0)
        return NULL;
    return info_wrap(info);
}

int comm_Set_info_impl(struct comm_object *self, MPI_Info info)
{
    int rc;

    MPI_CALL(rc, MPI_Comm_set_info(self->mpi, info));
    return mpi_check(rc);
}

int comm_info_set(struct comm_object *self, PyObject *value)
{
    MPI_Info info;

    return info_from(value, "info", &info) < 0 ? -1 : comm_Set_info_impl(self, info);
}

/* ------------------------------------------------------------ their end */
static int finish(struct comm_object *self, int (*call)(MPI_Comm *))
{
    MPI_Comm comm = self->mpi;
    int rc;

    MPI_CALL(rc, call(&comm));
    if (mpi_check(rc) < 0)
        return -1;
    if (!(self->flags & HANDLE_CONST))
        self->mpi = comm;
    return 0;
}

int comm_Free_impl(struct comm_object *self)
{
    return finish(self, MPI_Comm_free);
}

int comm_Disconnect_impl(struct comm_object *self)
{
    return finish(self, MPI_Comm_disconnect);
}

/* ------------------------------------------------------------ errors */
/* A script ends.  In the kernel only the cell does: the variables are worth more
 * than what Abort() could still do to the other ranks, which hear of the error. */
int comm_Abort_impl(struct comm_object *self, int errorcode)
{
    int rc;

    if (module_is_in_kernel()) {
        PyErr_Format(PyExc_RuntimeError,
                     "Abort(%d): in the kernel this ends the cell, not the ranks",
                     errorcode);
        return -1;
    }
    MPI_CALL(rc, MPI_Abort(self->mpi, errorcode));
    return mpi_check(rc);
}
