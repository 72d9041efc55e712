/* graph.c - who waits for whom, and who can therefore not move any more
 *
 * Who comes is a least fixpoint: at first only those who move, then, round by round,
 * those whom they can free.  A circle never enters it, nor does who depends on one.
 */
#include "kernel/front/graph.h"

#include <assert.h>
#include <stdlib.h>

#include "kernel/base/mem.h"

struct result {
    bool is_free; /* its wait can end, or it does not wait */
    bool comes;   /* others may count on it */
    int64_t rest; /* when the last of those on whom it depends came to rest */
};

struct graph {
    int size;
    struct graph_node *nodes;
    struct result *results;
};

struct graph *graph_create(int size)
{
    struct graph *graph = xcalloc(1, sizeof(*graph));

    graph->size = size;
    graph->nodes = xcalloc((size_t)size, sizeof(*graph->nodes));
    graph->results = xcalloc((size_t)size, sizeof(*graph->results));
    return graph;
}

void graph_destroy(struct graph *graph)
{
    if (!graph)
        return;
    free(graph->nodes);
    free(graph->results);
    free(graph);
}

void graph_set(struct graph *graph, int rank, struct graph_node node)
{
    assert(rank >= 0 && rank < graph->size);
    graph->nodes[rank] = node;
}

const struct graph_node *graph_get(const struct graph *graph, int rank)
{
    return rank < 0 || rank >= graph->size ? NULL : &graph->nodes[rank];
}

static int first(const struct graph_node *node)
{
    return node->others ? idset_first(node->others) : -1;
}

/* A rank that the cell does not know can be anywhere. */
static bool comes(const struct graph *graph, int rank)
{
    return rank >= graph->size || graph->results[rank].comes;
}

static bool is_dead(const struct graph *graph, int rank)
{
    return rank < graph->size && graph->nodes[rank].state == GRAPH_DEAD;
}

static bool can_end(const struct graph *graph, int rank)
{
    const struct graph_node *node = &graph->nodes[rank];
    int count = 0, come = 0, dead = 0;

    for (int other = first(node); other >= 0; other = idset_next(node->others, other)) {
        count++;
        come += comes(graph, other);
        dead += is_dead(graph, other);
    }
    switch (node->state) {
    case GRAPH_ANY:
        return come > 0;
    case GRAPH_ALL:
        return come == count;
    case GRAPH_INSIDE:
        return dead == 0;
    default:
        return node->state == GRAPH_MOVES;
    }
}

/* One round; true when somebody is free who was not before. */
static bool spread(struct graph *graph)
{
    bool changed = false;

    for (int rank = 0; rank < graph->size; rank++) {
        struct result *result = &graph->results[rank];

        if (result->is_free || !can_end(graph, rank))
            continue;
        result->is_free = result->comes = changed = true;
    }
    return changed;
}

/* The same for the times, among those who are not free. */
static bool settle(struct graph *graph)
{
    bool changed = false;

    for (int rank = 0; rank < graph->size; rank++) {
        const struct graph_node *node = &graph->nodes[rank];
        struct result *result = &graph->results[rank];

        if (result->is_free || node->state < GRAPH_ANY)
            continue;
        for (int other = first(node); other >= 0;
             other = idset_next(node->others, other)) {
            if (!comes(graph, other) && graph->results[other].rest > result->rest) {
                result->rest = graph->results[other].rest;
                changed = true;
            }
        }
    }
    return changed;
}

void graph_solve(struct graph *graph)
{
    for (int rank = 0; rank < graph->size; rank++) {
        const struct graph_node *node = &graph->nodes[rank];

        graph->results[rank] =
            (struct result){ .comes = node->is_thread, .rest = node->since };
    }
    while (spread(graph))
        ;
    while (settle(graph))
        ;
}

int64_t graph_stuck(const struct graph *graph, int rank)
{
    const struct result *result = &graph->results[rank];

    if (rank >= graph->size || graph->nodes[rank].state < GRAPH_ANY || result->is_free)
        return -1;
    return result->rest;
}
