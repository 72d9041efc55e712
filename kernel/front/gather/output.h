/* output.h - the lines of a cell, with labels and colours
 *
 * Puts the labels in front of lines, ends those that make room for others, and sets
 * the colours right.  What it makes leaves through an outlet.
 */
#ifndef GATHER_OUTPUT_H
#define GATHER_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernel/front/gather/color.h"
#include "kernel/front/gather/gather.h"

struct output;

struct output *output_create(uint64_t cell, bool is_paced, gather_f publish, void *arg);

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

/* The same of text that may be many lines.  What all wrote leaves as it is; of some,
 * each line gets the label. */
void output_add_lines(struct output *output, const struct output_line *lines);

/* Blanks the open line of the stream out: 'size' bytes that a '\r' can rewrite. */
void output_erase(struct output *output, const char *name, size_t size);

/* The rest is as in outlet.h. */
void output_publish(struct output *output, const struct message_out *out);
void output_flush(struct output *output, int64_t now, bool is_final);
int64_t output_deadline(const struct output *output);

#endif
