/* keeper.h - one rank: its interpreter, and the front that it works for */
#ifndef KEEPER_KEEPER_H
#define KEEPER_KEEPER_H

#include "kernel/base/error.h"
#include "kernel/base/loop.h"

struct keeper;

/* What a keeper is told by its environment; borrowed while it lives. */
struct keeper_setup {
    const char *wire;   /* endpoint of the front */
    const char *secret; /* for HELLO */
    int rank;
    int size;
    const char *program; /* the interpreter */
};

/* Says hello to the front and starts the interpreter.  NULL with 'err' when not
 * even that is possible.  loop_stop() is called when the keeper is to end. */
struct keeper *keeper_create(struct loop *loop, const struct keeper_setup *setup,
                             struct error *err);

/* Ends the interpreter too, at once. */
void keeper_destroy(struct keeper *keeper);

#endif
