/* comm.h - communicators: of which class they are, and how new ones come back */
#ifndef SRC_COMM_H
#define SRC_COMM_H

#include "bindings/src/handle.h"

/* The most derived class: Intracomm, Intercomm, Cartcomm, ...; Comm for the null
 * communicator.  Borrowed, never NULL. */
PyTypeObject *comm_most_derived(MPI_Comm comm);

/* The class of what Split() and its like make of 'self': a subclass is not kept, a
 * topology neither.  Borrowed. */
PyTypeObject *comm_plain_class(const struct comm_object *self);

/* The new communicator of an MPI call that returned 'rc', as an instance of 'cls';
 * NULL with the exception set. */
PyObject *comm_created(PyTypeObject *cls, int rc, MPI_Comm comm);

/* The tuple (new communicator, request) of a nonblocking call.  MPI writes the handle
 * when it likes, so the request keeps the object.  NULL with the exception set. */
typedef int (*comm_start_f)(MPI_Comm comm, MPI_Info info, MPI_Comm *newcomm,
                            MPI_Request *request);
PyObject *comm_started(struct comm_object *self, PyTypeObject *cls, comm_start_f call,
                       MPI_Info info);

#endif
