/* asks.c - requests that one rank answers */
#include "kernel/front/asks.h"

#include <stdlib.h>
#include <string.h>

#include "kernel/base/log.h"
#include "kernel/base/mem.h"
#include "kernel/front/debug.h"
#include "kernel/front/origin.h"

#define ANSWER_MS 1000
#define DEBUG_MS 60000   /* a debugger evaluates what the user wants */
#define HISTORY_MS 60000 /* a long one is searched; empty, a client shows none */
#define START_MS 10000   /* while the ranks are starting */

struct kind;

struct ask {
    struct ask *next;
    struct asks *all;
    enum channel from;
    struct message *msg;
    const struct kind *kind;
    struct origin *origin; /* NULL: not sent yet */
    uint64_t id;
    int rank;
    struct loop_watch *timer;
};

struct asks {
    struct front *front;
    struct ask *first;
};

static json_t *empty_complete(struct message *msg)
{
    const json_t *cursor = json_object_get(message_content(msg), "cursor_pos");
    json_int_t at = json_integer_value(cursor);

    return json_pack("{s:s, s:[], s:I, s:I, s:{}}", "status", "ok", "matches",
                     "cursor_start", at, "cursor_end", at, "metadata");
}

static json_t *empty_inspect(struct message *msg)
{
    return json_pack("{s:s, s:b, s:{}, s:{}}", "status", "ok", "found", 0, "data",
                     "metadata");
}

static json_t *empty_is_complete(struct message *msg)
{
    return json_pack("{s:s}", "status", "unknown");
}

static json_t *empty_history(struct message *msg)
{
    return json_pack("{s:s, s:[]}", "status", "ok", "history");
}

/* What is said where a rank says nothing. */
static const struct kind {
    const char *request;
    const char *reply;
    json_t *(*make_empty)(struct message *msg);
    int patience; /* ms */
} kinds[] = {
    { "complete_request", "complete_reply", empty_complete, ANSWER_MS },
    { "inspect_request", "inspect_reply", empty_inspect, ANSWER_MS },
    { "is_complete_request", "is_complete_reply", empty_is_complete, ANSWER_MS },
    { "history_request", "history_reply", empty_history, HISTORY_MS },
    { "debug_request", "debug_reply", debug_refusal, DEBUG_MS },
};

static const struct kind *find_kind(const struct message *msg)
{
    for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
        if (!strcmp(message_type(msg), kinds[i].request))
            return &kinds[i];
    return NULL;
}

struct asks *asks_create(struct front *front)
{
    struct asks *asks = xcalloc(1, sizeof(*asks));

    asks->front = front;
    return asks;
}

static void ask_destroy(struct ask *ask)
{
    loop_remove(ask->all->front->loop, ask->timer);
    message_unref(ask->msg);
    free(ask);
}

void asks_destroy(struct asks *asks)
{
    struct ask *ask;

    if (!asks)
        return;
    while ((ask = asks->first)) {
        asks->first = ask->next;
        ask_destroy(ask);
    }
    free(asks);
}

/* Replies with 'content', or empty when its data is NULL, and ends the ask. */
static void ask_end(struct ask *ask, struct message_part content)
{
    struct channels *channels = ask->all->front->channels;
    struct ask **link = &ask->all->first;

    if (content.data) {
        struct message_out out = {
            .type = ask->kind->reply,
            .parent = ask->msg,
            .content = content,
        };

        channels_reply(channels, ask->from, &out);
    } else {
        channels_reply_new(channels, ask->from, ask->msg, ask->kind->reply,
                           ask->kind->make_empty(ask->msg));
    }
    if (ask->origin)
        origin_finish(ask->origin);
    channels_status(channels, ask->msg, "idle");
    while (*link != ask)
        link = &(*link)->next;
    *link = ask->next;
    ask_destroy(ask);
}

static void on_timeout(struct loop *loop, void *arg)
{
    struct ask *ask = arg;

    ask->timer = NULL;
    log_debug("no answer to %s in time, an empty one is sent", message_type(ask->msg));
    ask_end(ask, (struct message_part){ NULL, 0 });
}

static void set_timer(struct ask *ask, int64_t delay)
{
    struct loop *loop = ask->all->front->loop;

    loop_remove(loop, ask->timer);
    ask->timer = loop_add_timer(loop, delay, 0, on_timeout, ask);
}

static void ask_send(struct ask *ask)
{
    struct front *front = ask->all->front;
    struct message_part content = message_content_raw(ask->msg);
    struct message_part metadata = message_metadata(ask->msg);
    const char *type = message_type(ask->msg);
    struct wire_frame frames[] = {
        { type, strlen(type) },
        { content.data, content.size },
        { metadata.data, metadata.size },
    };
    struct idset *one = idset_create_range(ask->rank, 1);

    ask->origin = origins_add(front->origins, ask->msg, one, GATHER_FOLD, false);
    ask->id = origin_id(ask->origin);
    set_timer(ask, ask->kind->patience);
    cluster_send(front->cluster, ask->rank, WIRE_ASK, ask->id, frames, 3);
    idset_destroy(one);
}

/* Sends what can be sent, ends what never can; true when it has ended. */
static bool ask_begin(struct ask *ask)
{
    struct front *front = ask->all->front;
    bool is_ready = cluster_is_ready(front->cluster);

    if (!is_ready && !front->start_failure)
        return false;
    if (ask->rank < 0)
        ask->rank = cluster_lead(front->cluster);
    if (!is_ready || ask->rank < 0
        || cluster_rank(front->cluster, ask->rank).state != RANK_READY) {
        ask_end(ask, (struct message_part){ NULL, 0 });
        return true;
    }
    ask_send(ask);
    return false;
}

void asks_push(struct asks *asks, enum channel from, struct message *msg, int rank)
{
    struct ask *ask = xcalloc(1, sizeof(*ask)), **link = &asks->first;

    while (*link)
        link = &(*link)->next;
    *link = ask;
    ask->all = asks;
    ask->from = from;
    ask->msg = message_ref(msg);
    ask->kind = find_kind(msg);
    ask->rank = rank;
    channels_status(asks->front->channels, msg, "busy");
    set_timer(ask, ask->kind->patience > START_MS ? ask->kind->patience : START_MS);
    ask_begin(ask);
}

void asks_next(struct asks *asks)
{
    struct ask *ask = asks->first, *next;

    for (; ask; ask = next) {
        next = ask->next;
        if (!ask->origin)
            ask_begin(ask);
    }
}

void asks_answer(struct asks *asks, uint64_t id, struct message_part content)
{
    struct ask *ask = asks->first;

    while (ask && (!ask->origin || ask->id != id))
        ask = ask->next;
    if (ask)
        ask_end(ask, content);
}

void asks_lost(struct asks *asks, int rank)
{
    struct ask *ask = asks->first, *next;

    for (; ask; ask = next) {
        next = ask->next;
        if (ask->origin && ask->rank == rank)
            ask_end(ask, (struct message_part){ NULL, 0 });
    }
}
