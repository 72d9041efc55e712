/* lines.h - where a line goes: to the text, or, when it is rewritten, to a display
 *
 * A line is rewritten when it holds a '\r' that is not part of its end ("\r\n").  One
 * that all targets rewrite alike is text, its '\r' with it, and a front end shows it as
 * a terminal does (screen.h).  A stream has one line that can be rewritten, so what
 * ranks rewrite differently, or will (a bar as tqdm draws it, with the time it took),
 * goes to a display: it shows what the terminal of each rank would show (bars.h), while
 * the line grows and after it has ended.  The shared line that they had so far is
 * blanked out of the text, where another line follows it.  What was given out of a line
 * as text of some ranks, before its first '\r' came, stays there.
 */
#ifndef GATHER_LINES_H
#define GATHER_LINES_H

#include <stdbool.h>
#include <stdint.h>

#include "kernel/base/idset.h"
#include "kernel/front/gather/output.h"
#include "kernel/front/gather/past.h"

struct lines;

/* 'output' is borrowed, 'targets' copied; 'cell' goes into the displays' ids. */
struct lines *lines_create(struct output *output, uint64_t cell,
                           const struct idset *targets);

/* Accepts NULL. */
void lines_destroy(struct lines *lines);

/* Lines, or a part of one, that ranks wrote alike; returns whether they are rewritten,
 * and so cannot be shown once more. */
bool lines_add(struct lines *lines, const struct said *said, int64_t now);

/* The open line of this rank is rewritten: it is to be shown as it grows. */
bool lines_is_live(const struct lines *lines, int rank, const char *name);

/* Something else is shown next: what still waits for its line goes before it. */
void lines_leave(struct lines *lines, int64_t now);

/* Another line follows in the text of 'name': what is open there cannot be rewritten.
 */
void lines_break(struct lines *lines, const char *name);

/* The cell was cleared: no line is open, no bar is shown. */
void lines_reset(struct lines *lines);

/* Shows how far the bars are, when the time for it has come or 'is_final'. */
void lines_flush(struct lines *lines, int64_t now, bool is_final);

/* When that may be; -1: nothing has changed. */
int64_t lines_deadline(const struct lines *lines);

#endif
