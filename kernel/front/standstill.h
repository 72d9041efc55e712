/* standstill.h - ranks that only wait for themselves, in words
 *
 * Who waits in which call, for whom and since when; and, where that can be told, why:
 * a member that does not come, a message that nobody sends, tags that differ, a circle.
 */
#ifndef FRONT_STANDSTILL_H
#define FRONT_STANDSTILL_H

#include <jansson.h>

#include "kernel/base/buf.h"
#include "kernel/front/graph.h"

struct standstill {
    const struct graph *graph;   /* solved */
    const struct idset *stuck;   /* ranks of it */
    const json_t *const *calls;  /* by rank: what WIRE_WAITING said */
    const struct idset *running; /* ranks that have not ended the cell */
    const struct idset *targets; /* ranks that have begun it */
    int64_t now;
};

/* "waits in Recv (peer 3, tag 7) in line 2 of cell 5": what WIRE_WAITING said. */
void standstill_add_wait(struct buf *text, const json_t *wait);

/* Whole lines, to be freed. */
char *standstill_text(const struct standstill *still);

/* All in one line, as far as it fits in an error, to be freed. */
char *standstill_line(const struct standstill *still);

#endif
