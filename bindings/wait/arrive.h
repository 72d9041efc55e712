/* arrive.h - the members of a collective meet before it begins
 *
 * All of them begin it or none does.  Whoever waits for the others can be
 * interrupted; members that called different things are told at once.
 */
#ifndef WAIT_ARRIVE_H
#define WAIT_ARRIVE_H

#include <stdbool.h>

#include "bindings/wait/call.h"
#include "bindings/wait/comm.h"

/* Waits for all members of a communicator with a place.  MPI_SUCCESS: every one of
 * them begins the call; otherwise none does, the communicator is closed, and the
 * code says why. */
int arrive(struct comm *comm, const struct call *call);

/* True when all have brought their data (carry.h): then the call goes on by
 * arrive_take(), which waits for nobody, and MPI has nothing to do. */
bool arrive_carried(const struct comm *comm);
int arrive_take(struct comm *comm, const struct call *call);

/* What of it comes next, with an arrival of its own (carry_next()). */
bool arrive_next(const struct comm *comm, const struct call *call, struct call *next);

/* MPI accepted the call that arrive() let begin. */
void arrive_begun(struct comm *comm);

/* MPI refused it.  When it refused it on all members nothing has happened;
 * otherwise the others are inside, and the communicator is broken. */
void arrive_failed(struct comm *comm, const struct call *call);

/* True when a member has failed after the start: this call will not end. */
bool arrive_is_stuck(const struct comm *comm);

/* The code for it; breaks the communicator. */
int arrive_stuck(struct comm *comm, const struct call *call);

#endif
