/* watch.h - ranks that wait for others in vain
 *
 * While a cell runs, keepers say which ranks wait in which MPI call, and for whom.
 * From that it is known whose wait nobody can end any more (graph.h).  When a rank
 * of the cell has raised or died, they are told a second later to give up; otherwise
 * the cell gets a report when that has lasted long.  Ranks that compute, or wait for
 * such, are left alone.  No MPI and no wire here: the owner says what happens and is
 * called back.
 */
#ifndef FRONT_WATCH_H
#define FRONT_WATCH_H

#include <jansson.h>
#include <stdbool.h>

#include "kernel/base/idset.h"
#include "kernel/base/loop.h"

#define WATCH_GRACE_MS 1000
#define WATCH_PATIENCE_MS 10000 /* unless the user wants another */

struct watch;

struct watch_calls {
    /* 'rank' waits for what will not come, and a rank of the cell has failed. */
    void (*release)(int rank, void *arg);

    /* 'ranks' can only wait for themselves; 'text' are whole lines, 'line' says it in
     * one, for an error. */
    void (*report)(const struct idset *ranks, const char *text, const char *line,
                   void *arg);
};

/* For a cell that runs on 'targets', of 'size' ranks.  'patience': ms until a
 * standstill is reported. */
struct watch *watch_create(struct loop *loop, const struct idset *targets, int size,
                           int patience, const struct watch_calls *calls, void *arg);

/* Accepts NULL. */
void watch_destroy(struct watch *watch);

/* 'waiting' is what WIRE_WAITING said (stolen), NULL when the rank moves again. */
void watch_waiting(struct watch *watch, int rank, json_t *waiting);

/* {"since_ms", "waits"}: how long the cell runs, and what the rank waits in, as in
 * WIRE_WAITING but up to date; null: it moves. */
json_t *watch_where(const struct watch *watch, int rank);

/* 'rank' stands at a breakpoint, whatever its threads wait for, or goes on: as long
 * as one does, the others wait for the user. */
void watch_held(struct watch *watch, int rank, bool is_held);

/* A rank has ended the cell. */
void watch_done(struct watch *watch, int rank);

/* 'rank' of the cell raised, or died; watch_done() follows. */
void watch_failed(struct watch *watch, int rank, bool is_death);

#endif
