/* status.h - MPI_Status as a Python object */
#ifndef SRC_STATUS_H
#define SRC_STATUS_H

#include "bindings/src/module.h"

struct status_object {
    PyObject_HEAD MPI_Status mpi;
    unsigned flags;
    PyObject *weakrefs;
};

/* For a call: the caller's status, or MPI_STATUS_IGNORE. */
static inline MPI_Status *status_or_ignore(struct status_object *status)
{
    return status ? &status->mpi : MPI_STATUS_IGNORE;
}

/* For a call whose status is needed here, too: a copy to work with, and what came of it
 * for the caller.  MPI does not set all of a status. */
MPI_Status status_begin(const struct status_object *status);
static inline void status_store(struct status_object *status, const MPI_Status *mpi)
{
    if (status)
        status->mpi = *mpi;
}

PyObject *status_wrap(const MPI_Status *mpi);

/* The argument 'statuses' of Waitall and its like: None, or a sequence of statuses,
 * which is extended to what is reported if it is a list.  'mpi' has room for 'count',
 * also for None. */
struct status_list {
    MPI_Status *mpi;
    PyObject *sequence; /* of PySequence_Fast; NULL for None */
    void *heap;
    MPI_Status some[8];
};
int status_list_init(struct status_list *list, PyObject *statuses, int count);
/* Reports the first 'count' to the caller; 0, or -1 with the exception set. */
int status_list_store(struct status_list *list, int count);
/* The same after a call that returned 'rc', which is then checked.  MPI sets statuses
 * also when some requests have failed; not when the call was interrupted.  'count' may
 * be MPI_UNDEFINED: none. */
int status_list_report(struct status_list *list, int rc, int count);
/* Accepts a list that is all zeros. */
void status_list_clear(struct status_list *list);

#endif
