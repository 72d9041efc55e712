/* spill.h - the file that takes what a cell's output is too much for a notebook */
#ifndef GATHER_SPILL_H
#define GATHER_SPILL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernel/base/error.h"

struct spill;

/* In $XDG_STATE_HOME/rankbook (~/.local/state/rankbook), or /tmp where that cannot
 * be written.  Never NULL: when no file can be made, the path says why. */
struct spill *spill_open(uint64_t cell);

/* Accepts NULL.  A file that nobody was told of is removed. */
void spill_close(struct spill *spill, bool is_known);

/* Borrowed. */
const char *spill_path(const struct spill *spill);

/* Text is in the file, and can be read there, after spill_flush(). */
void spill_write(struct spill *spill, const char *text, size_t size);

/* -1 with 'err' when the file takes no more, once; later text is lost as well. */
int spill_flush(struct spill *spill, struct error *err);

#endif
