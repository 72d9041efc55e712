/* stop.h - Stop, and ranks that do not answer it
 *
 * Belongs to a cell that runs.  Every press interrupts the ranks that still run it.
 * When some of them have not heard that after five seconds, the cell says which, where
 * they are, and that the next press kills them: only those, and only if they are deaf
 * still.  Ranks that have heard it and clean up are nobody's business.
 */
#ifndef FRONT_STOP_H
#define FRONT_STOP_H

#include "kernel/front/front.h"

struct origin;
struct stop;

/* 'origin' is the cell's; 'running' are its targets that are not done.  Both are
 * borrowed until stop_destroy(). */
struct stop *stop_create(struct front *front, struct origin *origin,
                         const struct idset *running);

/* Accepts NULL. */
void stop_destroy(struct stop *stop);

void stop_press(struct stop *stop);

/* What the keeper of 'rank' saw, as in WIRE_SEEN. */
void stop_seen(struct stop *stop, int rank, const json_t *seen);

/* 'rank' has ended the cell. */
void stop_done(struct stop *stop, int rank);

#endif
