/* test_graph.c - who waits for whom */
#include "kernel/front/graph.h"

#include <stdlib.h>

#include "tests/unit/tap.h"

#define SIZE 4

/* "0,2" in order: who is stuck when each rank is as 'states' and 'others' say. */
static void check(const enum graph_state states[SIZE], const char *const others[SIZE],
                  const char *stuck, const char *what)
{
    struct graph *graph = graph_create(SIZE);
    struct idset *sets[SIZE], *found = idset_create();
    char *text;

    for (int rank = 0; rank < SIZE; rank++) {
        sets[rank] = idset_decode(others[rank], NULL);
        graph_set(graph, rank,
                  (struct graph_node){ .state = states[rank], .others = sets[rank] });
    }
    graph_solve(graph);
    for (int rank = 0; rank < SIZE; rank++) {
        if (graph_stuck(graph, rank) >= 0)
            idset_add(found, rank);
        idset_destroy(sets[rank]);
    }
    text = idset_encode(found);
    is_str(text, stuck, what);
    free(text);
    idset_destroy(found);
    graph_destroy(graph);
}

#define CHECK(stuck, what, a, as, b, bs, c, cs, d, ds)                                 \
    check((enum graph_state[]){ GRAPH_##a, GRAPH_##b, GRAPH_##c, GRAPH_##d },          \
          (const char *[]){ as, bs, cs, ds }, stuck, what)

static void test_receives(void)
{
    CHECK("", "who waits for one that computes is not stuck", ANY, "1", MOVES, "",
          MOVES, "", MOVES, "");
    CHECK("", "nor is who waits for one that does", ANY, "1", ANY, "2", MOVES, "",
          ENDED, "");
    CHECK("0-1", "two that wait for one another are", ANY, "1", ANY, "0", MOVES, "",
          MOVES, "");
    CHECK("0-2", "and who waits for one of them", ANY, "1", ANY, "0", ANY, "1", MOVES,
          "");
    CHECK("0", "nobody comes who has ended the cell", ANY, "3", MOVES, "", MOVES, "",
          ENDED, "");
    CHECK("", "any sender will do", ANY, "1-3", ENDED, "", DEAD, "", MOVES, "");
    CHECK("0", "and none will not", ANY, "1-3", ENDED, "", DEAD, "", ENDED, "");
    CHECK("", "ranks that the cell does not know may come", ANY, "9", ENDED, "", ENDED,
          "", ENDED, "");
}

static void test_collectives(void)
{
    CHECK("", "members wait for the one that computes", ALL, "3", ALL, "3", ALL, "3",
          MOVES, "");
    CHECK("0-2", "in vain when it has ended the cell", ALL, "3", ALL, "3", ALL, "3",
          ENDED, "");
    CHECK("0-3", "in vain when it waits for one of them", ALL, "3", ALL, "3", ALL, "3",
          ANY, "0");
    CHECK("0-1", "all must come, not only one", ALL, "2-3", ALL, "2-3", MOVES, "",
          ENDED, "");
    CHECK("", "who is inside comes out", INSIDE, "0-1", INSIDE, "0-1", ANY, "1", ALL,
          "0");
    CHECK("0-2", "unless a member has died", INSIDE, "0,3", ANY, "0", ALL, "1", DEAD,
          "");
}

static void test_threads(void)
{
    struct idset *one = idset_decode("1", NULL), *none = idset_decode("0", NULL);
    struct graph *graph = graph_create(2);

    graph_set(graph, 0, (struct graph_node){ GRAPH_ANY, one, true, 5 });
    graph_set(graph, 1, (struct graph_node){ GRAPH_ANY, none, false, 7 });
    graph_solve(graph);
    is_int(graph_stuck(graph, 1), -1, "a rank of which one thread waits may yet come");
    is_int(graph_stuck(graph, 0), -1, "so whom it would free is not stuck");
    graph_set(graph, 1, (struct graph_node){ .state = GRAPH_ENDED, .since = 9 });
    graph_solve(graph);
    is_int(graph_stuck(graph, 0), 9, "but the thread's own wait can be in vain");
    graph_destroy(graph);
    idset_destroy(one);
    idset_destroy(none);
}

static void test_times(void)
{
    struct idset *set = idset_create_range(0, 3), *last = idset_decode("2", NULL);
    struct graph *graph = graph_create(4);

    graph_set(graph, 0, (struct graph_node){ GRAPH_ANY, last, false, 30 });
    graph_set(graph, 1, (struct graph_node){ GRAPH_ANY, set, false, 20 });
    graph_set(graph, 2, (struct graph_node){ GRAPH_ENDED, NULL, false, 40 });
    graph_solve(graph);
    is_int(graph_stuck(graph, 0), 40, "it counts from when the other came to rest");
    is_int(graph_stuck(graph, 1), 40, "through others as well");
    is_int(graph_stuck(graph, 2), -1, "who does not wait is not stuck");
    is_int(graph_stuck(graph, 3), -1, "nor who computes");
    ok(graph_get(graph, 2)->state == GRAPH_ENDED, "a node can be read");
    ok(!graph_get(graph, 4) && !graph_get(graph, -1), "there are no others");
    graph_destroy(graph);
    graph_destroy(NULL);
    idset_destroy(set);
    idset_destroy(last);
}

int main(void)
{
    test_receives();
    test_collectives();
    test_threads();
    test_times();
    return done_testing();
}
