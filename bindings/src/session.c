/* session.c - sessions: MPI without a world */
#include "bindings/src/errhandler.h"
#include "bindings/src/error.h"
#include "mpi_impl.h"

/* The given error handler stays, and is asked when the call itself fails. */
PyObject *session_Init_impl(PyTypeObject *cls, MPI_Info info,
                            struct errhandler_object *errhandler)
{
    MPI_Errhandler handler = MPI_ERRORS_RETURN;
    MPI_Session session = MPI_SESSION_NULL;
    int rc;

    if (errhandler)
        handler = errhandler->mpi;
    else if (module->options.errors == ERRORS_DEFAULT)
        handler = MPI_ERRORS_ARE_FATAL; /* MPI has no default here: one must be given */
    MPI_CALL(rc, MPI_Session_init(info, handler, &session));
    if (mpi_check(rc) < 0 || (!errhandler && errhandler_apply_session(session) < 0))
        return NULL;
    return session_wrap_as(cls, session);
}

int session_Finalize_impl(struct session_object *self)
{
    MPI_Session session = self->mpi;
    int rc;

    MPI_CALL(rc, MPI_Session_finalize(&session));
    if (mpi_check(rc) < 0)
        return -1;
    if (!(self->flags & HANDLE_CONST))
        self->mpi = session;
    return 0;
}

PyObject *session_Get_num_psets_impl(struct session_object *self, MPI_Info info)
{
    int count = -1;

    if (mpi_check(MPI_Session_get_num_psets(self->mpi, info, &count)) < 0)
        return NULL;
    return PyLong_FromLong(count);
}

PyObject *session_Get_nth_pset_impl(struct session_object *self, int n, MPI_Info info)
{
    char name[MPI_MAX_PSET_NAME_LEN + 1] = "";
    int length = sizeof(name);

    if (mpi_check(MPI_Session_get_nth_pset(self->mpi, info, n, &length, name)) < 0)
        return NULL;
    return PyUnicode_FromString(name);
}

PyObject *session_Get_info_impl(struct session_object *self)
{
    MPI_Info info = MPI_INFO_NULL;

    if (mpi_check(MPI_Session_get_info(self->mpi, &info)) < 0)
        return NULL;
    return info_wrap(info);
}

PyObject *session_Get_pset_info_impl(struct session_object *self, const char *pset_name)
{
    MPI_Info info = MPI_INFO_NULL;

    if (mpi_check(MPI_Session_get_pset_info(self->mpi, pset_name, &info)) < 0)
        return NULL;
    return info_wrap(info);
}

PyObject *session_Create_group_impl(struct session_object *self, const char *pset_name)
{
    return group_Create_from_session_pset_impl(module->types[CLASS_Group], self->mpi,
                                               pset_name);
}

PyObject *group_Create_from_session_pset_impl(PyTypeObject *cls, MPI_Session session,
                                              const char *pset_name)
{
    MPI_Group group = MPI_GROUP_NULL;

    if (mpi_check(MPI_Group_from_session_pset(session, pset_name, &group)) < 0)
        return NULL;
    return group_wrap_as(cls, group);
}
