/* debug.h - the debugger, on one rank
 *
 * A debug_request goes to the rank that is debugged: 0, or the one that %debugger
 * says.  The rank answers, also while its cell stands at a breakpoint; what its
 * debugger says by itself is published as debug_event.  The ranks beside it run on,
 * until they wait for it.
 */
#ifndef FRONT_DEBUG_H
#define FRONT_DEBUG_H

#include "kernel/front/front.h"

struct debug;

struct debug *debug_create(struct front *front);

/* Accepts NULL. */
void debug_destroy(struct debug *debug);

/* Whether the ranks' Python has debugpy.  Before they have said so, as far as can be
 * seen from outside. */
bool debug_is_there(const struct debug *debug);

/* Publishes busy now; the reply and idle come later. */
void debug_request(struct debug *debug, enum channel from, struct message *msg);

/* The reply where no rank gives one. */
json_t *debug_refusal(struct message *msg);

/* 'rank' -1: no change.  -1 with 'err' while another rank is debugged. */
int debug_choose(struct debug *debug, int rank, struct error *err);

/* An event of the protocol, as 'rank' said it. */
void debug_event(struct debug *debug, int rank, struct message_part event);

/* A lost rank is debugged no more. */
void debug_lost(struct debug *debug, int rank);

/* There are other ranks now: rank 0 is debugged, as at the start. */
void debug_reset(struct debug *debug);

#endif
