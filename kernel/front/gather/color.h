/* color.h - the colour that a terminal goes on writing in
 *
 * Programs set a colour and print many lines in it.  A line that is taken out of
 * its order, or gets a label, has to be told what it was in, and the label that it
 * is in none.  Only SGR sequences ("\x1b[1;31m") are read; all others pass.
 */
#ifndef GATHER_COLOR_H
#define GATHER_COLOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernel/base/buf.h"

/* Zeroed is the default. */
struct color {
    uint32_t fore; /* kind << 24 | value */
    uint32_t back;
    uint32_t flags; /* bold, underlined...: 1 << code */
};

#define COLOR_SEQUENCE_MAX 32

/* Reads text in pieces that may end inside a sequence.  Zeroed is its beginning. */
struct color_reader {
    struct color color; /* after all that was read */
    char part[COLOR_SEQUENCE_MAX];
    size_t part_size;
};

void color_read(struct color_reader *reader, const char *text, size_t size);
bool color_is_equal(const struct color *a, const struct color *b);

/* Adds the sequence that leads from 'from' to 'to'; nothing when they are equal. */
void color_change(struct buf *out, const struct color *from, const struct color *to);

/* How many bytes at the end of 'text' begin a sequence that is not whole. */
size_t color_partial(const char *text, size_t size);

/* The size of the sequence that 'text' begins with; 0 when it begins with none. */
size_t color_sequence(const char *text, size_t size);

#endif
