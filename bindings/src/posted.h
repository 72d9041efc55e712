/* posted.h - receives that the running cell has begun
 *
 * A cell that fails or is stopped leaves receives behind which nobody will wait for,
 * though a traceback may still hold them; they would take the next cell's messages.
 * So healing takes them back.  Those of earlier cells are the program's, and stay.
 */
#ifndef SRC_POSTED_H
#define SRC_POSTED_H

#include <stdint.h>

#include "bindings/src/handle.h"

struct keep_object;

/* Part of a keep, zeroed. */
struct posted {
    struct keep_object *next, **link; /* NULL: not in the list */
    struct request_object *owner;     /* borrowed */
    uint64_t cell;
};

/* 'self' has just been given the keep of a receive.  Does nothing outside a cell. */
void posted_add(struct request_object *self, struct keep_object *keep);

/* 'self' lets go of the keep. */
void posted_drop(struct request_object *self, struct keep_object *keep);

/* Cancels what 'cell' has begun and nobody has sent to; with the GIL. */
void posted_heal(uint64_t cell);

#endif
