/* rescue.h - the end of waits that nobody would end
 *
 * Belongs to a cell that runs.  It knows which rank failed first, and has a watch
 * over the others: those that wait for one that is gone get an error that says so,
 * and when nobody moves, the cell gets a report.
 */
#ifndef FRONT_RESCUE_H
#define FRONT_RESCUE_H

#include "kernel/front/front.h"

struct origin;
struct rescue;
struct watch;

/* 'origin' is the cell's; 'running' are its targets that are not done.  Both are
 * borrowed until rescue_destroy(). */
struct rescue *rescue_create(struct front *front, struct origin *origin,
                             const struct idset *running);

/* Accepts NULL. */
void rescue_destroy(struct rescue *rescue);

/* What the ranks wait in: the keepers' words go there. */
struct watch *rescue_watch(const struct rescue *rescue);

/* 'rank' raised, or died; 'text' says it to the ranks that wait for it: "rank 3
 * raised ValueError in cell 7". */
void rescue_failed(struct rescue *rescue, int rank, const char *text, bool is_death);

/* 'rank' has ended the cell, and others still run it. */
void rescue_done(struct rescue *rescue, int rank);

#endif
