/* outlet.h - the text of a cell leaves: not too often, too fast, or too much
 *
 * Text is joined into messages, and they go 20 times a second at most.  A cell shows
 * OUTLET_CELL_MAX bytes; what is more goes to a file, and a line in the cell names it:
 * "[more than 10 MB of output: the rest is in PATH]".  When it comes within a line of
 * text, the newline before it is ours, it begins with "[\u2026 ", and the file goes on
 * with that line.
 * A paced outlet also keeps to the rate that a browser's server lets through.  When it
 * falls behind, all further text goes to the file at once, and to the cell when there
 * is room; what it could not show until the cell's end is in the file.
 *
 * Where a program changes between stdout and stderr all the time, text of 50 ms is
 * one message a stream.
 */
#ifndef GATHER_OUTLET_H
#define GATHER_OUTLET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernel/front/gather/gather.h"

#define OUTLET_CELL_MAX (10u << 20)
#define OUTLET_FLUSH_MS 50

struct outlet;

struct outlet *outlet_create(uint64_t cell, bool is_paced, gather_f publish, void *arg);

/* Accepts NULL. */
void outlet_destroy(struct outlet *outlet);

/* 'name' is static text. */
void outlet_add(struct outlet *outlet, const char *name, const char *text, size_t size);

/* A message of any other type, after all text so far. */
void outlet_publish(struct outlet *outlet, const struct message_out *out);

/* Gives the text out when its time has come, or in any case when 'is_final'. */
void outlet_flush(struct outlet *outlet, int64_t now, bool is_final);

/* When the text that waits may go; -1: none waits. */
int64_t outlet_deadline(const struct outlet *outlet);

#endif
