/* bars.h - progress bars that differ between ranks
 *
 * A text output has one line that a '\r' can rewrite, and many ranks have many
 * bars.  So bars that differ become one display, updated in place: that of the
 * slowest rank and that of the fastest, one when all are as far; or, where bars do
 * not say how far they are, a line for each distinct one.  The last state of a
 * bar stays when its rank begins another one.
 */
#ifndef GATHER_BARS_H
#define GATHER_BARS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernel/front/gather/item.h"
#include "kernel/front/gather/output.h"

#define BARS_FLUSH_MS 100

struct bars;

/* 'highest' is the highest of 'count' ranks, 'cell' goes into the display id. */
struct bars *bars_create(uint64_t cell, int highest, int count);

/* Accepts NULL. */
void bars_destroy(struct bars *bars);

/* The line is a bar as tqdm draws it: of many ranks it will not stay the same. */
bool bars_are_in(const struct item *line);

/* Rank 'rank' has a bar that was not ended by a newline. */
bool bars_has(const struct bars *bars, int rank);

/* The bar of a rank now; an end of line in 'text' ends it.  Text that is only an
 * end of line keeps what is shown. */
void bars_update(struct bars *bars, int rank, const char *text, size_t size);

/* Shows what has changed, when its time has come or 'is_final'. */
void bars_flush(struct bars *bars, struct output *output, int64_t now, bool is_final);

/* When the changes may be shown; -1: there are none. */
int64_t bars_deadline(const struct bars *bars);

#endif
