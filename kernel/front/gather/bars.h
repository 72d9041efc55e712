/* bars.h - lines that ranks rewrite, differently, as one display
 *
 * Updated in place, ten times a second at most.  It has a row for each distinct line,
 * labelled with its ranks as text is (gather.h); but where all lines say how far they
 * are ("30%", "3/10", "7it"), as progress bars do, only that of the slowest rank and
 * that of the fastest, and one when all are as far.  A line that has ended stays in a
 * row of its own when its rank begins another one; when all have ended, the next ones
 * are a new display.  So at the end a notebook has, of each line, what a terminal would
 * show; of bars the slowest and the fastest.
 */
#ifndef GATHER_BARS_H
#define GATHER_BARS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernel/front/gather/output.h"

#define BARS_FLUSH_MS 100

struct bars;

/* 'highest' is the highest of 'count' ranks; the cell and the name of the stream go
 * into the displays' ids. */
struct bars *bars_create(uint64_t cell, const char *stream, int highest, int count);

/* Accepts NULL. */
void bars_destroy(struct bars *bars);

/* Nothing is shown any more: what comes next is a new display. */
void bars_reset(struct bars *bars);

/* This is a bar as tqdm draws it: of many ranks it will not stay the same. */
bool bars_are_in(const char *text);

/* The line of a rank now, as a terminal shows it.  After its end the rank begins
 * another one. */
void bars_update(struct bars *bars, int rank, const char *text, bool is_end);

/* Shows what has changed, when its time has come or 'is_final'. */
void bars_flush(struct bars *bars, struct output *output, int64_t now, bool is_final);

/* When the changes may be shown; -1: there are none. */
int64_t bars_deadline(const struct bars *bars);

#endif
