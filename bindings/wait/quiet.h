/* quiet.h - the end of a collective that has lost a member
 *
 * It never ends for those who need what the dead would have sent; but what the living
 * have sent one another still comes, and nothing may write into a buffer after its call
 * has returned.  So the survivors keep MPI going until none of them moves any more:
 * until each has looked for messages often enough, since the last of them that came
 * out, to have received all that there can be.
 */
#ifndef WAIT_QUIET_H
#define WAIT_QUIET_H

#include <stdbool.h>
#include <stdint.h>

struct comm;
struct wait;

/* Of one call; begins zeroed. */
struct quiet {
    uint32_t turns, out; /* looks since so many members are out */
    uint64_t end;        /* nobody waits for ever for one that is stopped */
};

/* One more turn, by a member that knows of the death, before its next wait_pause().
 * True: nothing moves any more. */
bool quiet_turn(struct quiet *quiet, struct comm *comm, struct wait *wait);

/* This member has come out of the call, however. */
void quiet_leave(struct comm *comm);

#endif
