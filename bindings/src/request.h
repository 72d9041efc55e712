/* request.h - requests, and the memory that they keep alive
 *
 * Whatever MPI still uses after a nonblocking call stays in a keep: the buffers of
 * the messages, a pickle, the buffer of an object receive.  A Request owns a
 * reference to its keep and gives it up when MPI says that the request is done.  A
 * Request that is dropped while MPI still uses its memory leaves the keep to the
 * registry of orphans, which asks MPI about them from time to time.
 *
 * A persistent request has its keep until it is freed.  One that is dropped becomes
 * an orphan, too: when it is inactive, which it may be at once, it is freed.
 */
#ifndef SRC_REQUEST_H
#define SRC_REQUEST_H

#include "bindings/src/handle.h"
#include "bindings/src/message.h"
#include "bindings/src/posted.h"

struct keep_object;
struct transfer;

/* Makes the object that a lower-case wait() delivers, when the request is done;
 * NULL with the exception set.  'status' is that of the request. */
typedef PyObject *(*keep_finish_f)(struct keep_object *keep, const MPI_Status *status);

/* Only receives can be taken back.  A send is never cancelled, because MPICH may
 * crash over that (in ucp_request_cancel); it is as if it had left already.  The
 * callbacks of a generalized request are kept by MPI, too.  Nobody: of a partitioned
 * request with MPI_PROC_NULL. */
enum keep_kind {
    KEEP_OTHER,
    KEEP_SEND,
    KEEP_RECV,
    KEEP_NOBODY,
    KEEP_CALLBACKS,
};

struct keep_object {
    PyObject_HEAD struct message msgs[2];
    PyObject *object;          /* a pickle, a buffer, ...: released with the keep */
    struct transfer *transfer; /* of the receive of an object (transfer.h), or NULL */
    keep_finish_f finish;      /* NULL: wait() delivers None */
    enum keep_kind kind;
    int op_slot;        /* of op_hold(), or -1 */
    bool is_over;       /* the request is done, whichever object saw it */
    bool is_persistent; /* and then it is only inactive */
    bool is_taken_back; /* by healing */
    struct posted posted;
};

/* An empty keep: prepare its messages, then start the request. */
struct keep_object *keep_create(void);

/* One whose first message is prepared by message_p2p(); NULL with the exception set. */
struct keep_object *keep_p2p(PyObject *buf, int flags, int rank, enum keep_kind kind);

/* A new Request for 'mpi'.  Takes the reference 'keep' (may be NULL), always: also
 * when it fails (NULL with the exception set), where the orphans get it. */
PyObject *request_start(MPI_Request mpi, struct keep_object *keep);

/* Prequest(other) and Grequest(other): 'other' must be an instance of the class 'id',
 * or null, which is of every kind. */
PyObject *request_new_as(PyTypeObject *cls, struct request_object *other,
                         enum class_id id);

/* The same for a persistent request: a new Prequest. */
PyObject *request_persist(MPI_Request mpi, struct keep_object *keep);

/* What a call that begins a request returns: by its 'rc', request_start() or
 * request_persist(), or NULL with the exception set.  Takes 'keep', always. */
PyObject *request_started(int rc, MPI_Request mpi, struct keep_object *keep);
PyObject *request_persisted(int rc, MPI_Request mpi, struct keep_object *keep);

/* Leaves a request and its keep to the registry; takes 'keep'.  'owned': nobody
 * else knows the request; otherwise the memory stays until the process ends. */
void request_orphan(MPI_Request mpi, bool owned, struct keep_object *keep);

/* A sequence of Request objects and their MPI requests. */
struct request_list {
    int count;
    MPI_Request *mpi;
    PyObject *requests;         /* a tuple */
    struct keep_object **keeps; /* after request_list_take() */
    void *heap;
    MPI_Request some[16];
};
int request_list_init(struct request_list *list, PyObject *requests);
/* Before the call: 'keeps' gets a reference to each request's keep (or NULL), for
 * those who need what is in them after the requests are done.  Released by clear. */
int request_list_take(struct request_list *list);
/* After the call: MPI's requests back into the objects. */
void request_list_store(struct request_list *list);

/* MPI_Testall(), but for partitioned requests, where MPICH says that one has failed
 * when none has. */
int request_test_all(int count, MPI_Request *requests, int *flag, MPI_Status *statuses);

/* What Waitsome and its like return: a list, or None when 'count' is MPI_UNDEFINED,
 * because no request was active. */
PyObject *request_index_list(const int *indices, int count);
void request_list_clear(struct request_list *list);

/* After a Wait or Test of one request: gives up the keep when it is done. */
void request_sync(struct request_object *self);

#endif
