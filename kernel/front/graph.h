/* graph.h - who waits for whom, and who can therefore not move any more
 *
 * One node a rank.  A rank that computes may yet come to any call; one that waits
 * goes on when one of its others comes (a receive), or when all of them have (a
 * collective that waits for its members).  Nobody comes who has ended the cell.
 * What is not known counts as moving, so whoever is called stuck is stuck.
 *
 * No clock and no process: times are the caller's.
 */
#ifndef FRONT_GRAPH_H
#define FRONT_GRAPH_H

#include <stdbool.h>
#include <stdint.h>

#include "kernel/base/idset.h"

enum graph_state {
    GRAPH_MOVES,  /* it computes, or waits for somebody outside */
    GRAPH_ENDED,  /* it has ended the cell, or has no part in it */
    GRAPH_DEAD,   /* it is no more */
    GRAPH_ANY,    /* it waits for any of its others */
    GRAPH_ALL,    /* it waits for all of its others */
    GRAPH_INSIDE, /* in a collective that its others have begun with it: it goes on as
                     long as none of them dies */
};

struct graph_node {
    enum graph_state state;
    const struct idset *others; /* ranks; borrowed until the next graph_set() of this
                                   node.  NULL: nobody */
    bool is_thread; /* only a thread of it waits: the rank itself may come */
    int64_t since;  /* when it came into this state */
};

struct graph;

/* Ranks from 0 to 'size' - 1, and all move. */
struct graph *graph_create(int size);

/* Accepts NULL. */
void graph_destroy(struct graph *graph);

void graph_set(struct graph *graph, int rank, struct graph_node node);
const struct graph_node *graph_get(const struct graph *graph, int rank);

/* Works out who is stuck; after the last graph_set(). */
void graph_solve(struct graph *graph);

/* Since when nothing could end the wait of 'rank': the last of all on whom it depends
 * came to rest then.  -1: it does not wait, or something can. */
int64_t graph_stuck(const struct graph *graph, int rank);

#endif
