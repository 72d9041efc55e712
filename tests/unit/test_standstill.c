/* test_standstill.c - ranks that only wait for themselves, in words */
#include "kernel/front/standstill.h"

#include <stdlib.h>

#include "tests/unit/tap.h"

#define SIZE 3

/* One rank of a cell that is over for all who do not wait. */
struct rank {
    const char *call; /* NULL: it has ended the cell */
    enum graph_state state;
    const char *others;
    int tag;
};

static void check(const struct rank ranks[SIZE], const char *cause, const char *what)
{
    struct standstill still = { .graph = NULL };
    struct graph *graph = graph_create(SIZE);
    struct idset *others[SIZE], *stuck = idset_create();
    struct idset *targets = idset_create_range(0, SIZE);
    const json_t *calls[SIZE];
    const char *found;
    char *text;

    for (int i = 0; i < SIZE; i++) {
        const struct rank *rank = &ranks[i];

        others[i] = idset_decode(rank->others ? rank->others : "", NULL);
        calls[i] = !rank->call
                       ? NULL
                       : json_pack("{s:s, s:s, s:i, s:i}", "call", rank->call, "comm",
                                   "MPI_COMM_WORLD", "size", SIZE, "tag", rank->tag);
        graph_set(graph, i,
                  (struct graph_node){ .state = rank->call ? rank->state : GRAPH_ENDED,
                                       .others = others[i] });
        if (rank->call)
            idset_add(stuck, i);
    }
    graph_solve(graph);
    still = (struct standstill){ graph, stuck, calls, stuck, targets, 12000 };
    text = standstill_text(&still);
    found = strstr(text, "  cause: ");
    is_str(found ? found + 9 : "", cause, what);
    free(text);
    for (int i = 0; i < SIZE; i++) {
        idset_destroy(others[i]);
        json_decref((json_t *)calls[i]);
    }
    idset_destroy(stuck);
    idset_destroy(targets);
    graph_destroy(graph);
}

#define CHECK(cause, what, ...) check((struct rank[SIZE]){ __VA_ARGS__ }, cause, what)
#define P2P(call, other, tag)                                                          \
    {                                                                                  \
        call, GRAPH_ANY, other, tag                                                    \
    }
#define COLL(call, missing)                                                            \
    {                                                                                  \
        call, GRAPH_ALL, missing, -2                                                   \
    }
#define OVER                                                                           \
    {                                                                                  \
        NULL, GRAPH_ENDED, NULL, -2                                                    \
    }

static void test_collectives(void)
{
    CHECK("Barrier misses rank 2, which has ended the cell\n",
          "a member that does not come is said once", COLL("Barrier", "2"),
          COLL("Barrier", "2"), OVER);
    CHECK(
        "Bcast misses rank 1, which waits in recv, and rank 2, which has ended the "
        "cell\n  cause: rank 2 has ended the cell and sends nothing to rank 1 with tag "
        "4\n",
        "several members, and why they do not come", COLL("Bcast", "1-2"),
        P2P("recv", "2", 4), OVER);
}

static void test_messages(void)
{
    CHECK("rank 2 has ended the cell and sends nothing to rank 0\n",
          "a message that nobody sends", P2P("Recv", "2", -1), OVER, OVER);
    CHECK(
        "rank 2 has ended the cell and does not receive what rank 0 sends with tag 3\n",
        "a message that nobody receives", P2P("ssend", "2", 3), OVER, OVER);
    CHECK("tags differ: rank 1 sends tag 6, rank 0 receives tag 5\n",
          "tags that differ", P2P("Recv", "1", 5), P2P("Ssend", "0", 6), OVER);
    CHECK("tags differ: rank 0 sends tag 6, rank 1 receives tag 5\n",
          "the other way round as well", P2P("Ssend", "1", 6), P2P("Recv", "0", 5),
          OVER);
    CHECK("rank 1 sends and rank 0 receives, but on different communicators\n",
          "tags that fit", P2P("Recv", "1", -1), P2P("Ssend", "0", 6), OVER);
}

static void test_circles(void)
{
    CHECK("ranks 0 and 1 send to one another, and neither receives: use sendrecv() or "
          "isend()\n",
          "two that send first", P2P("Send", "1", 0), P2P("send", "0", 0), OVER);
    CHECK("ranks 1 and 2 wait for messages of one another, and neither sends\n",
          "two that receive first", OVER, P2P("recv", "2", 0), P2P("recv", "1", 0));
    CHECK(
        "a circle of sends, and nobody receives (ranks 0, 1, 2, 0): use sendrecv() or "
        "isend()\n",
        "a circle of sends is said once", P2P("Send", "1", 0), P2P("Send", "2", 0),
        P2P("Send", "0", 0));
    CHECK("a circle of receives, and nobody sends (ranks 0, 2, 1, 0)\n",
          "and one of receives", P2P("Recv", "2", 0), P2P("Recv", "0", 0),
          P2P("Recv", "1", 0));
    CHECK("", "of a mixed one nothing is said", P2P("Recv", "2", 0),
          P2P("Ssend", "0", 0), P2P("Recv", "1", 0));
}

int main(void)
{
    test_collectives();
    test_messages();
    test_circles();
    return done_testing();
}
