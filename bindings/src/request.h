/* request.h - requests, and the memory that they keep alive
 *
 * Whatever MPI still uses after a nonblocking call stays in a keep: the buffers of
 * the messages, a pickle, the buffer of an object receive.  A Request owns a
 * reference to its keep and gives it up when MPI says that the request is done.  A
 * Request that is dropped while MPI still uses its memory leaves the keep to the
 * registry of orphans, which asks MPI about them from time to time.
 */
#ifndef SRC_REQUEST_H
#define SRC_REQUEST_H

#include "bindings/src/handle.h"
#include "bindings/src/message.h"

struct keep_object;

/* Makes the object that a lower-case wait() delivers, when the request is done;
 * NULL with the exception set.  'status' is that of the request. */
typedef PyObject *(*keep_finish_f)(struct keep_object *keep, const MPI_Status *status);

struct keep_object {
    PyObject_HEAD struct message msgs[2];
    PyObject *object;     /* a pickle, a buffer, ...: released with the keep */
    keep_finish_f finish; /* NULL: wait() delivers None */
};

/* An empty keep: prepare its messages, then start the request. */
struct keep_object *keep_create(void);

/* A new Request for 'mpi'.  Takes the reference 'keep' (may be NULL), always: also
 * when it fails (NULL with the exception set), where the orphans get it. */
PyObject *request_start(MPI_Request mpi, struct keep_object *keep);

/* Leaves a request and its keep to the registry; takes 'keep'. */
void request_orphan(MPI_Request mpi, struct keep_object *keep);

/* A sequence of Request objects and their MPI requests.  Everything is released by
 * request_list_clear(), which also stores MPI's requests back into the objects:
 * those that are done give up their keeps, or, after request_list_take(), hand them
 * to 'keeps', aligned with the sequence (NULL where there was none). */
struct request_list {
    int count;
    MPI_Request *mpi;
    PyObject *sequence; /* PySequence_Fast */
    MPI_Request some[16];
    void *heap;
    struct keep_object **keeps;
};
int request_list_init(struct request_list *list, PyObject *requests);
/* References to the keeps as they are before the call; -1 when out of memory. */
int request_list_take(struct request_list *list);
void request_list_clear(struct request_list *list);

/* After a Wait or Test: stores nothing but gives up the keep when 'self' is done. */
void request_sync(struct request_object *self);

#endif
