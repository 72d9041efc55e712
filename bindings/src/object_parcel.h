/* object_parcel.h - objects that may be too large for one message
 *
 * Between two ranks of one world a large object is a parcel: a header, and pieces that
 * are sent from where they lie and received where they stay (parcel.h, transfer.h).
 * For all others, for buffered sends, and while MPI.pickle is not Python's, an object
 * is one pickle of any size, as mpi4py sends it.
 */
#ifndef SRC_OBJECT_PARCEL_H
#define SRC_OBJECT_PARCEL_H

#include "bindings/src/object.h"

/* Pickles 'obj' and starts to send it.  A keep of what is sent; NULL with the exception
 * set, and nothing has been sent. */
struct keep_object *parcel_start(PyObject *obj, object_isend_f call, int dest, int tag,
                                 MPI_Comm comm, MPI_Request *request);

/* Starts a receive into the memory of the first message of 'keep', which may be larger
 * than what comes there.  -1 with the exception set. */
int parcel_post(struct keep_object *keep, int source, int tag, MPI_Comm comm,
                MPI_Request *request);
int parcel_post_matched(struct keep_object *keep, MPI_Message *message,
                        MPI_Request *request);

/* The object of a message that has arrived there; waits for what is still to come. */
PyObject *parcel_arrived(struct keep_object *keep, const MPI_Status *status);
/* The same, of one that is an MPI.buffer. */
PyObject *parcel_load(PyObject *bytes, const MPI_Status *status);

#endif
