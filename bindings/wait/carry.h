/* carry.h - small collectives, whose data comes with the members
 *
 * Before a member arrives (arrive.h) it puts what it contributes into its slot, in
 * memory that all share.  When the call begins, all contributions are there: each
 * member takes what it needs, and is done without a message.  Such a call is over as
 * soon as it has begun, so nobody can be stuck inside it.
 *
 * A member that cannot come with its data (too much, a type or an operation that MPI
 * has to look at, arguments that it will refuse) arrives bare; when one does, all make
 * the call through MPI.  So which way a call goes never depends on what only some
 * members know.
 *
 * A member has two slots, for even and odd calls.  Whoever puts data of call n into one
 * knows that nobody reads that of call n-2 any more: call n-1 has begun, so all
 * had arrived at it, after they had done with n-2.
 *
 * Vectors and blocks that are too long for a slot come in pieces of CARRY_PIECE bytes,
 * each with an arrival of its own: while some members take a piece, others put the next
 * one.  That is done up to the size from which MPI is faster.
 *
 * Reductions are made in the order of ranks, by everybody who wants the result: it has
 * the same bits everywhere, and in each run.  One by a user's operation is made by one
 * member (operate.h).  When the others want the result too, the call has a second half:
 * all arrive once more, the first member with the result.
 */
#ifndef WAIT_CARRY_H
#define WAIT_CARRY_H

#include <stdbool.h>

#include "bindings/wait/call.h"
#include "bindings/wait/comm.h"

#define CARRY_PIECE 32768u

/* RANKBOOK_NODE_COLLECTIVES=0: everybody comes bare. */
void carry_init(void);

/* Before the arrival at call number 'comm->calls', of which 'bytes' is the size in its
 * shape.  False: come bare. */
bool carry_put(struct comm *comm, const struct call *call, uint64_t bytes);

/* After the start of a call to which nobody came bare.  Returns an MPI code. */
int carry_take(struct comm *comm, const struct call *call, uint64_t bytes);

/* What comes behind a call that has been taken: its second half, or its next piece.
 * False: nothing. */
bool carry_next(const struct call *call, uint64_t bytes, struct call *next);

#endif
