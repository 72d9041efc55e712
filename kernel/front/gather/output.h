/* output.h - the text of a cell on its way out
 *
 * Puts labels in front of lines, joins what comes close together into one stream
 * message (20 a second at most, unless they are large), and takes what is more
 * than OUTPUT_CELL_MAX bytes to a file.
 */
#ifndef GATHER_OUTPUT_H
#define GATHER_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernel/front/gather/color.h"
#include "kernel/front/gather/gather.h"

#define OUTPUT_CELL_MAX (10u << 20)
#define OUTPUT_FLUSH_SIZE (64u << 10)
#define OUTPUT_FLUSH_MS 50

struct output;

struct output *output_create(uint64_t cell, gather_f publish, void *arg);

/* Accepts NULL. */
void output_destroy(struct output *output);

/* 'name' is static text.  As it is. */
void output_add(struct output *output, const char *name, const char *text, size_t size);

/* A line, or a part of one, that some ranks wrote. */
struct output_line {
    const char *name;   /* static text */
    const char *label;  /* of these ranks */
    bool is_common;     /* they are all: the label is shown only where one is needed */
    bool is_rest;       /* they began it before */
    struct color color; /* in which 'text' begins */
    const char *text;
    size_t size;
};

/* Follows the line that the same ranks began; otherwise it begins one of its own, as
 * gather.h says. */
void output_add_line(struct output *output, const struct output_line *line);

/* Blanks the open line of the stream out: 'size' bytes that a '\r' can rewrite. */
void output_erase(struct output *output, const char *name, size_t size);

/* A message of any other type, after all text so far. */
void output_publish(struct output *output, const struct message_out *out);

/* Gives the text out when its time has come, or in any case when 'is_final'. */
void output_flush(struct output *output, int64_t now, bool is_final);

/* When the text that waits may go; -1: none waits. */
int64_t output_deadline(const struct output *output);

#endif
