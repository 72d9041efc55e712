/* launch.h - the launcher: ranks start, start anew, and end
 *
 *     starting --all are ready--> running     cells run
 *     starting --one is lost----> failed      cells say why
 *
 *     any of these --launch_restart()--> checking --no--> as it was
 *     checking --yes-----------> stopping     the interpreters end
 *     stopping --they have-----> clearing     the launcher ends what is left
 *     clearing --nothing is----> starting
 */
#ifndef FRONT_LAUNCH_H
#define FRONT_LAUNCH_H

#include "kernel/front/front.h"

struct launch;

enum launch_end {
    LAUNCH_READY,   /* the new ranks are */
    LAUNCH_REFUSED, /* nothing has changed */
    LAUNCH_FAILED,  /* there are no ranks */
};

/* A restart has ended; 'why' is "" when all went well. */
typedef void (*launch_f)(enum launch_end end, const char *why, void *arg);

/* The launcher listens at 'fd'. */
struct launch *launch_create(struct front *front, int fd);

/* Accepts NULL. */
void launch_destroy(struct launch *launch);

/* Asks the launcher for the first ranks. */
void launch_start(struct launch *launch, int ranks);

/* No restart is under way, or only as far as that the new ranks start. */
bool launch_is_steady(const struct launch *launch);

/* Ends all ranks and starts 'ranks' others, in whatever state the first ones are;
 * while launch_is_steady().
 * 'ended' is called once, not before this returns. */
void launch_restart(struct launch *launch, int ranks, launch_f ended, void *arg);

/* Ends the interpreters, then the keepers, then the loop; again: nothing. */
void launch_shutdown(struct launch *launch);

/* All ranks are ready. */
void launch_ready(struct launch *launch);

/* A rank is lost: before all were ready it means that the start has failed; at the
 * end, and in a restart, it is what others wait for. */
void launch_lost(struct launch *launch, int rank);

#endif
