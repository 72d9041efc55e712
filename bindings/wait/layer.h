/* layer.h - what all parts of libmpiwait share: is it on, and on what it stands */
#ifndef WAIT_LAYER_H
#define WAIT_LAYER_H

#include <stdbool.h>

#include "bindings/wait/mpiwait.h"

#define EXPORT __attribute__((visibility("default")))

struct arena;

/* Set by MPI_Init, cleared by MPI_Finalize.  While 'on' is false every call goes
 * straight to MPI: before and after, with RANKBOOK_WAIT=off, and where the ranks
 * cannot be served. */
struct layer {
    bool on;
    MPI_Comm kernel;     /* private duplicate of MPI_COMM_WORLD */
    MPI_Comm payload;    /* another one, that of mpiwait_payload() */
    struct arena *arena; /* NULL: one rank, or several hosts */
    int rank, size;      /* in MPI_COMM_WORLD */
    int spin, spin_all;  /* rounds before a wait loop yields: for a message; for all */
    int yields;          /* rounds that yield, before it sleeps */
};
extern struct layer layer;

/* Prefixes a call of the layer's own that nobody but it may see fail. */
static inline bool layer_is_on(void)
{
    return __builtin_expect(layer.on, 1);
}

#endif
