/* screen.h - one line as a terminal shows it
 *
 * A '\r' goes back to the first column, and what follows takes the place of what stood
 * there, character by character; what is not reached stays.  Characters keep their
 * colours.  Each takes one column.
 */
#ifndef GATHER_SCREEN_H
#define GATHER_SCREEN_H

#include <stddef.h>

#include "kernel/base/buf.h"
#include "kernel/front/gather/color.h"

#define SCREEN_MAX 4096 /* columns; nobody sees what comes after them */

struct screen_cell;

/* Zeroed is empty. */
struct screen {
    struct screen_cell *cells;
    size_t width;
    size_t capacity;
    size_t column; /* where text goes on */
};

/* Empty, without any memory. */
void screen_clear(struct screen *screen);

/* Writes text that begins in 'color', and has no '\n'. */
void screen_write(struct screen *screen, const struct color *color, const char *text,
                  size_t size);

/* Adds what is seen, without blanks at the end; the colour is the default after it. */
void screen_add(const struct screen *screen, struct buf *out);

#endif
