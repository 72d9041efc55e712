/* meeting.h - where the living meet without MPI, and who they are
 *
 * Ranks are those of MPI_COMM_WORLD as MPI_Init made it, as all over the arena.
 */
#ifndef WAIT_MEETING_H
#define WAIT_MEETING_H

#include <stdbool.h>

bool meeting_is_alive(int rank);

/* A barrier of all that live, outside of MPI.  Returns an MPI code: somebody who lives
 * did not come. */
int meeting_hold(void);

#endif
