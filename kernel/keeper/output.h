/* output.h - what the interpreter's process writes to its descriptors 1 and 2
 *
 * C libraries, children of user code and crashing programs write there; Python's
 * own streams do not (they come as records).  The bytes carry no cell: the owner
 * stamps them with the one that runs when they are read.
 */
#ifndef KEEPER_OUTPUT_H
#define KEEPER_OUTPUT_H

#include <stddef.h>

#include "kernel/base/error.h"
#include "kernel/base/loop.h"

struct output;

/* 'name' is "stdout" or "stderr". */
typedef void (*output_f)(const char *name, const char *text, size_t size, void *arg);

/* Makes the two pipes and watches their reading ends.  NULL with 'err'. */
struct output *output_create(struct loop *loop, output_f call, void *arg,
                             struct error *err);
void output_destroy(struct output *output);

/* The writing ends for the child: 0 is stdout, 1 is stderr.  Borrowed. */
int output_child_fd(const struct output *output, int idx);

/* Closes the writing ends, once the child has its own. */
void output_close_child(struct output *output);

/* Hands over all that is in the pipes now, incomplete characters too. */
void output_drain(struct output *output);

/* Backpressure: leaves the bytes in the pipes, so that the writers wait. */
void output_pause(struct output *output, int paused);

/* How many bytes at the end of 'text' begin a UTF-8 character that is not whole. */
size_t output_partial(const char *text, size_t size);

#endif
