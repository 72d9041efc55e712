/* message.h - address, count, datatype: what one argument says to send or receive
 *
 * A message is prepared from a Python argument (a buffer, or a list or tuple that
 * begins with one) on the stack of the call, or inside the keep of a request, and
 * handed to MPI as MESSAGE(m), MESSAGE_V(m) or MESSAGE_W(m).  message_clear() releases
 * the buffer.
 */
#ifndef SRC_MESSAGE_H
#define SRC_MESSAGE_H

#include "bindings/src/buffer.h"
#include "bindings/src/error.h"

enum {
    MESSAGE_INLINE = 16,
    MESSAGE_SMALL = 4096, /* bytes: copied before another thread could run */
};
enum { MESSAGE_UNUSED = -1 }; /* for blocks: MPI will not touch the memory */

struct message {
    void *addr;
    MPI_Count count;
    MPI_Datatype type;
    MPI_Count *counts; /* vector forms only */
    MPI_Aint *displs;
    MPI_Datatype *types; /* of each block: the w form only */
    void *heap;          /* where these lie when they do not fit */
    struct buffer buf;
    MPI_Count some[2 * MESSAGE_INLINE]; /* not initialised */
};

#define MESSAGE(m) (m)->addr, (m)->count, (m)->type
#define MESSAGE_V(m) (m)->addr, (m)->counts, (m)->displs, (m)->type
#define MESSAGE_W(m) (m)->addr, (m)->counts, (m)->displs, (m)->types

/* Ready for message_clear(): nothing to send. */
void message_init(struct message *msg);
void message_clear(struct message *msg);

/* 'to' is what 'from' was; 'from' is as after message_init(). */
void message_move(struct message *to, struct message *from);

/* [buf, count, displ, type] in all its forms.  'flags' is BUFFER_WRITABLE for what
 * MPI writes.  'blocks' > 1: the count must divide, and is that of one block.
 * Memory that is too small for entries of a basic datatype is refused; the entries of
 * others may lie anywhere around it.
 * Initialises 'msg'; -1 with the exception set, and nothing to clear. */
int message_simple(struct message *msg, PyObject *spec, int flags, int blocks);

/* The same when 'rank' may be MPI_PROC_NULL: then 'spec' is not looked at. */
int message_p2p(struct message *msg, PyObject *spec, int flags, int rank);

/* [buf, counts, displs, type] in all its forms, for 'blocks' blocks. */
int message_vector(struct message *msg, PyObject *spec, int flags, int blocks);

/* [buf, counts, displs, types] in all its forms: displacements are in bytes. */
int message_w(struct message *msg, PyObject *spec, int flags, int blocks);

/* Gives a simple message room for 'blocks' counts, copied from a sequence of
 * integers, or uninitialised when it is NULL. */
int message_set_counts(struct message *msg, PyObject *counts, int blocks);

/* True when a call that only starts with 'msg' keeps the GIL. */
static inline bool message_is_quick(const struct message *msg)
{
    return msg->buf.nbytes <= MESSAGE_SMALL && !mpi_calls_back();
}

/* The type in such a list: a Datatype, or the format of one.  KeyError for others. */
int message_type(PyObject *object, MPI_Datatype *type);

/* True for None and MPI.IN_PLACE. */
bool message_is_in_place(PyObject *spec);

#endif
