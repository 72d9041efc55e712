/* context.h - what object collectives keep on a communicator
 *
 * An object collective is several MPI calls.  A lock makes it one step for the
 * threads of a rank.  Reductions send along a tree, on a duplicate of the
 * communicator that no user message can be mistaken for; it is made by the first
 * reduction.  An intercommunicator has a communicator of the local group beside it.
 * The context is an attribute: it ends with the communicator.
 *
 * MPI._comm_lock() is for programs that make collectives of their own in Python: a
 * lock for each name.  Once it was asked for, ours take the lock of their name first.
 */
#ifndef SRC_CONTEXT_H
#define SRC_CONTEXT_H

#include "bindings/src/module.h"

struct context;

/* The context of 'comm' with its lock held; NULL with the exception set.  Until it is
 * left, waits are shown as 'call'. */
struct context *context_enter(MPI_Comm comm, const char *call);
void context_leave(struct context *context);

/* The lock that MPI._comm_lock(comm, name) gives, held until context_unlock(); NULL
 * with the exception set. */
PyObject *context_lock(MPI_Comm comm, const char *name);
void context_unlock(PyObject *lock);

/* The duplicate; collective.  MPI_COMM_NULL with the exception set. */
MPI_Comm context_tree(struct context *context, MPI_Comm comm);

/* Of an intercommunicator, the communicator of the local group; collective over both
 * when it is made.  MPI_COMM_NULL with the exception set. */
MPI_Comm context_local(struct context *context, MPI_Comm comm);

/* Whether the local group comes first when both are merged; after context_local(). */
bool context_is_low(const struct context *context);

/* A number that the last calls on this rank did not give. */
int context_tag(struct context *context);

/* Collective: a number that none of the last messages on the duplicate had as a tag,
 * the same on all ranks.  Ranks that left an earlier reduction at different places,
 * because it was interrupted, agree again.  '*culprit' is the rank that cannot take
 * part, or -1: on return, one of them for all.  -1 with the exception set. */
int context_agree(struct context *context, MPI_Comm comm, int *culprit, int *tag);

/* The same for who brings it along in a call of its own: what this rank says, and the
 * tag by the largest of what all ranks said. */
long long context_turn(const struct context *context);
int context_tag_after(struct context *context, long long latest);

#endif
