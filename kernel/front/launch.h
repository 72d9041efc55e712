/* launch.h - the launcher, the start of the ranks and the end of everything */
#ifndef FRONT_LAUNCH_H
#define FRONT_LAUNCH_H

#include "kernel/front/front.h"

struct launch;

/* Asks the launcher at 'fd' to start the ranks. */
struct launch *launch_create(struct front *front, int fd);

/* Accepts NULL. */
void launch_destroy(struct launch *launch);

/* Ends the interpreters, then the keepers, then the loop; again: nothing. */
void launch_shutdown(struct launch *launch);

/* A rank is lost: before all were ready it means that the start has failed; at the
 * end it is what the end waits for. */
void launch_lost(struct launch *launch, int rank);

#endif
