/* object.h - communication of Python objects
 *
 * An object is a pickle, sent as bytes.  object.c has the messages between two ranks,
 * object_coll.c and object_reduce.c the collectives, object_request.c what requests
 * deliver.
 *
 * In a collective an exception in one rank (an object that cannot be pickled, an
 * operation that raises) must not leave the others waiting: the collective goes on
 * without the object, and every rank raises; the others a PeerError that names the
 * culprit.
 */
#ifndef SRC_OBJECT_H
#define SRC_OBJECT_H

#include "bindings/src/pickle.h"
#include "bindings/src/request.h"

/* A keep with the pickle of 'obj' in its first message, or with an empty message if
 * 'obj' is NULL.  NULL with the exception set. */
struct keep_object *object_keep(PyObject *obj);

typedef int (*object_isend_f)(const void *buf, MPI_Count count, MPI_Datatype type,
                              int dest, int tag, MPI_Comm comm, MPI_Request *request);

/* Sends the first message of 'keep', and waits.  Takes 'keep', always: when the wait
 * was interrupted, MPI still uses it.  0, or -1 with the exception set. */
int object_send(struct keep_object *keep, object_isend_f call, int dest, int tag,
                MPI_Comm comm);

/* Waits for '*request', which MPI goes on with, and 'keep' with it, when that is
 * interrupted.  0, or -1 with the exception set. */
int object_wait(MPI_Request request, struct keep_object *keep, MPI_Status *status);

/* Memory for the message that was probed; NULL with the exception set. */
PyObject *object_allocate(const MPI_Status *status);

/* The bytes of the next message, as an MPI.buffer; NULL with the exception set. */
PyObject *object_recv(int source, int tag, MPI_Comm comm, MPI_Status *status);

/* Both at once. */
PyObject *object_sendrecv(struct keep_object *keep, int dest, int sendtag, int source,
                          int recvtag, MPI_Comm comm, MPI_Status *status);

/* The object in an MPI.buffer. */
PyObject *object_load(PyObject *bytes);

/* For the collective 'call': broadcasts the pickle that the root has in 'msg' (NULL
 * elsewhere; at the root NULL says that there is none, because of the rank 'culprit').
 * Every rank gets an MPI.buffer, valid while 'msg' is, or NULL with the exception set;
 * between groups those get an empty one who neither give nor take. */
PyObject *object_spread(const char *call, const struct message *msg, int culprit,
                        int root, MPI_Comm comm);

/* x op y, where 'op' is an Op, any callable, or NULL for the sum. */
PyObject *object_apply(PyObject *op, PyObject *x, PyObject *y);

/* Reductions by a gather, for mpi4py.rc.fast_reduce = False: the results of the methods
 * of their names; NULL with the exception set. */
PyObject *gathered_reduce(struct comm_object *comm, PyObject *obj, PyObject *op,
                          int root);
PyObject *gathered_allreduce(struct comm_object *comm, PyObject *obj, PyObject *op);
PyObject *gathered_scan(struct comm_object *comm, PyObject *obj, PyObject *op,
                        bool is_inclusive);

/* An exception of our own that waits until the collective is over. */
struct failure {
    PyObject *type, *value, *traceback;
};
/* Takes the current exception away; the first one stays. */
void failure_catch(struct failure *failure);
static inline bool failure_is_set(const struct failure *failure)
{
    return failure->type;
}
/* Raises it again; -1. */
int failure_raise(struct failure *failure);
void failure_clear(struct failure *failure);

/* PeerError: 'rank' could not give its object.  -1. */
int object_raise_peer(int rank, const char *call);

#endif
