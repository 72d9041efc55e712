/* standstill.c - ranks that only wait for themselves, in words */
#include "kernel/front/standstill.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/base/buf.h"
#include "kernel/front/gather/label.h"

/* A rank's page takes 255 bytes of words; a waiter more may follow these. */
#define LINE_MAX_SIZE 160

static const char *call_name(const struct standstill *still, int rank)
{
    const char *name = json_string_value(json_object_get(still->calls[rank], "call"));

    return name ? name : "an MPI call";
}

static int wait_number(const json_t *wait, const char *key)
{
    const json_t *number = json_object_get(wait, key);

    return json_is_integer(number) ? (int)json_integer_value(number) : -1;
}

static int call_number(const struct standstill *still, int rank, const char *key)
{
    return wait_number(still->calls[rank], key);
}

/* ---- who waits in what ---- */

/* The world needs no words; another communicator has its name and its size. */
static void add_comm(const json_t *wait, struct buf *text)
{
    const char *name = json_string_value(json_object_get(wait, "comm"));
    int size = wait_number(wait, "size");

    if (!name || size <= 0 || !strcmp(name, "MPI_COMM_WORLD"))
        return;
    buf_add_format(text, " on %s%s%d ranks", name,
                   *name ? " of " : "a communicator of ", size);
}

void standstill_add_wait(struct buf *text, const json_t *wait)
{
    const char *name = json_string_value(json_object_get(wait, "call"));
    int peer = wait_number(wait, "peer"), tag = wait_number(wait, "tag");
    int line = wait_number(wait, "line"), cell = wait_number(wait, "cell");

    buf_add_format(text, "waits in %s", name ? name : "an MPI call");
    if (peer >= 0) {
        buf_add_format(text, " (peer %d", peer);
        if (tag >= 0)
            buf_add_format(text, ", tag %d", tag);
        buf_add_text(text, ")");
    }
    add_comm(wait, text);
    if (line > 0)
        buf_add_format(text, " in line %d", line);
    if (line > 0 && cell > 0)
        buf_add_format(text, " of cell %d", cell);
}

static void add_waiter(const struct standstill *still, int rank, struct buf *text)
{
    buf_add_format(text, "rank %d ", rank);
    standstill_add_wait(text, still->calls[rank]);
}

/* ---- why ---- */

enum direction { DIRECTION_NONE, DIRECTION_SEND, DIRECTION_RECV };

static enum direction direction(const struct standstill *still, int rank)
{
    const char *name = call_name(still, rank);

    if (strstr(name, "recv") || strstr(name, "Recv") || strstr(name, "robe"))
        return DIRECTION_RECV;
    return strstr(name, "send") || strstr(name, "Send") ? DIRECTION_SEND
                                                        : DIRECTION_NONE;
}

/* The one rank that 'rank' waits for; -1: none, or several. */
static int only_other(const struct standstill *still, int rank)
{
    const struct graph_node *node = graph_get(still->graph, rank);

    if (!node || node->state != GRAPH_ANY || !node->others
        || idset_count(node->others) != 1)
        return -1;
    return idset_first(node->others);
}

/* "has ended the cell" */
static void add_state(const struct standstill *still, int rank, struct buf *text)
{
    const struct graph_node *node = graph_get(still->graph, rank);

    if (node && node->state == GRAPH_DEAD)
        buf_add_text(text, "has died");
    else if (idset_has(still->stuck, rank))
        buf_add_format(text, "waits in %s", call_name(still, rank));
    else if (idset_has(still->running, rank))
        buf_add_text(text, "computes");
    else if (idset_has(still->targets, rank))
        buf_add_text(text, "has ended the cell");
    else
        buf_add_text(text, "does not run this cell");
}

/* "Barrier misses rank 3, which has ended the cell" */
static void add_missing(const struct standstill *still, int rank, struct buf *text)
{
    const struct idset *others = graph_get(still->graph, rank)->others;
    const char *between = " misses ";

    buf_add_text(text, call_name(still, rank));
    for (int other = idset_first(others); other >= 0;
         other = idset_next(others, other)) {
        buf_add_format(text, "%srank %d, which ", between, other);
        add_state(still, other, text);
        between = ", and ";
    }
}

/* Its one other will do nothing any more. */
static void add_absent(const struct standstill *still, int rank, int other,
                       struct buf *text)
{
    int tag = call_number(still, rank, "tag");

    if (direction(still, rank) == DIRECTION_NONE)
        return;
    buf_add_format(text, "rank %d ", other);
    add_state(still, other, text);
    if (direction(still, rank) == DIRECTION_SEND)
        buf_add_format(text, " and does not receive what rank %d sends", rank);
    else
        buf_add_format(text, " and sends nothing to rank %d", rank);
    if (tag >= 0)
        buf_add_format(text, " with tag %d", tag);
}

/* The first of two that wait for one another says it. */
static void add_pair(const struct standstill *still, int rank, int other,
                     struct buf *text)
{
    enum direction one = direction(still, rank), two = direction(still, other);
    int sender = one == DIRECTION_SEND ? rank : other;
    int receiver = one == DIRECTION_SEND ? other : rank;
    int sent = call_number(still, sender, "tag");
    int received = call_number(still, receiver, "tag");

    if (other < rank || one == DIRECTION_NONE || two == DIRECTION_NONE)
        return;
    if (one == two && one == DIRECTION_SEND)
        buf_add_format(text,
                       "ranks %d and %d send to one another, and neither receives: "
                       "use sendrecv() or isend()",
                       rank, other);
    else if (one == two)
        buf_add_format(text,
                       "ranks %d and %d wait for messages of one another, and neither "
                       "sends",
                       rank, other);
    else if (received >= 0 && sent != received)
        buf_add_format(text,
                       "tags differ: rank %d sends tag %d, rank %d receives tag %d",
                       sender, sent, receiver, received);
    else
        buf_add_format(text,
                       "rank %d sends and rank %d receives, but on different "
                       "communicators",
                       sender, receiver);
}

/* Three and more, each of which waits for the next; the lowest says it. */
static void add_circle(const struct standstill *still, int rank, struct buf *text)
{
    enum direction kind = direction(still, rank);
    struct buf way = { 0 };
    int at = rank;

    do {
        if (at < rank || direction(still, at) != kind)
            kind = DIRECTION_NONE;
        buf_add_format(&way, "%d, ", at);
        at = only_other(still, at);
    } while (at > rank && way.size < LINE_MAX_SIZE);
    buf_add_format(&way, "%d", rank);
    if (at == rank && kind == DIRECTION_SEND)
        buf_add_format(text,
                       "a circle of sends, and nobody receives (ranks %s): use "
                       "sendrecv() or isend()",
                       buf_text(&way));
    else if (at == rank && kind == DIRECTION_RECV)
        buf_add_format(text, "a circle of receives, and nobody sends (ranks %s)",
                       buf_text(&way));
    buf_clear(&way);
}

/* Why 'rank' waits in vain, in plain words; nothing where nothing can be said. */
static void add_cause(const struct standstill *still, int rank, struct buf *text)
{
    const struct graph_node *node = graph_get(still->graph, rank);
    int other = only_other(still, rank);

    if (node->state == GRAPH_ALL && node->others)
        add_missing(still, rank, text);
    else if (other >= 0 && !idset_has(still->stuck, other))
        add_absent(still, rank, other, text);
    else if (other >= 0 && only_other(still, other) == rank && other != rank)
        add_pair(still, rank, other, text);
    else if (other >= 0)
        add_circle(still, rank, text);
}

static void add_causes(const struct standstill *still, struct buf *text)
{
    struct buf cause = { 0 };

    for (int rank = idset_first(still->stuck); rank >= 0;
         rank = idset_next(still->stuck, rank)) {
        cause.size = 0;
        add_cause(still, rank, &cause);
        /* Members of one collective miss the same. */
        if (cause.size == 0 || strstr(buf_text(text), buf_text(&cause)))
            continue;
        buf_add_format(text, "  cause: %s\n", buf_text(&cause));
    }
    buf_clear(&cause);
}

/* ---- all of it ---- */

char *standstill_text(const struct standstill *still)
{
    struct buf text = { 0 };
    char *words = label_words(still->stuck);
    bool is_one = idset_count(still->stuck) == 1;

    if (idset_is_equal(still->stuck, still->running))
        buf_add_format(&text, "[nobody moves: %s %s; stop the cell to go on]\n", words,
                       is_one ? "waits" : "all wait");
    else
        buf_add_format(&text,
                       "[%s %s in vain, whatever the others do; stop the cell to go "
                       "on]\n",
                       words, is_one ? "waits" : "wait");
    for (int rank = idset_first(still->stuck); rank >= 0;
         rank = idset_next(still->stuck, rank)) {
        int64_t since = graph_get(still->graph, rank)->since;

        buf_add_text(&text, "  ");
        add_waiter(still, rank, &text);
        buf_add_format(&text, " for %d s\n", (int)((still->now - since) / 1000));
    }
    add_causes(still, &text);
    free(words);
    return buf_take(&text);
}

char *standstill_line(const struct standstill *still)
{
    const char *between = idset_is_equal(still->stuck, still->running)
                              ? "nobody moves: "
                              : "they wait in vain: ";
    struct buf text = { 0 };

    for (int rank = idset_first(still->stuck); rank >= 0;
         rank = idset_next(still->stuck, rank)) {
        if (text.size > LINE_MAX_SIZE) {
            buf_add_text(&text, ", ...");
            break;
        }
        buf_add_text(&text, between);
        add_waiter(still, rank, &text);
        between = ", ";
    }
    return buf_take(&text);
}
