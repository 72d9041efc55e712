/* progress.h - one line on a terminal that says how far a replay is */
#ifndef REPLAY_PROGRESS_H
#define REPLAY_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>

#include "kernel/base/loop.h"

struct progress;

/* On 'fd'; says nothing when that is no terminal. */
struct progress *progress_create(struct loop *loop, int fd, size_t total);
void progress_destroy(struct progress *progress);

/* Number 'done' of the total is 'what' (a cell's source, or a word). */
void progress_step(struct progress *progress, size_t done, const char *what);

/* Takes the line away, for other output; progress_step() brings it back. */
void progress_hide(struct progress *progress);
bool progress_is_terminal(const struct progress *progress);

/* The line itself, for 'width' columns, to be freed. */
char *progress_format(size_t done, size_t total, double seconds, const char *what,
                      size_t width);

#endif
