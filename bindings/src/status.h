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

PyObject *status_wrap(const MPI_Status *mpi);

/* The argument 'statuses' of Waitall and its like: None, or a list that is extended
 * to 'count' items.  Initialise with STATUS_LIST_INIT; '*mpi' is MPI_STATUSES_IGNORE
 * for None.  status_list_store() copies the first 'count' back into the list. */
struct status_list {
    MPI_Status *mpi;
    PyObject *list; /* borrowed */
    MPI_Status some[8];
    void *heap;
};
int status_list_init(struct status_list *list, PyObject *statuses, int count);
int status_list_store(struct status_list *list, int count);
void status_list_clear(struct status_list *list);

#endif
