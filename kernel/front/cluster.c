/* cluster.c - all ranks: who they are, how they are, and the wire to them */
#include "kernel/front/cluster.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/base/log.h"
#include "kernel/base/mem.h"
#include "kernel/front/keepers.h"

#define PING_MS 1000

struct rank {
    int keeper; /* its number when it was started, which its keeper goes by */
    enum rank_state state;
    json_t *hello;
    json_t *ready;
    json_t *usage;
    json_t *exit;
    char *unreachable; /* why, when the keeper is gone; it is lost in a moment */
};

struct cluster {
    struct loop *loop;
    struct keepers *keepers;
    struct loop_watch *ping;
    struct loop_watch *losing; /* timer that reports unreachable ranks */
    struct cluster_events events;
    void *arg;
    int size;    /* that were started */
    int members; /* ranks now; the others, behind them, are forgotten */
    bool is_ready;
    struct idset *living; /* ready and not lost */
    struct rank *ranks;
};

static json_t *frame_json(const struct wire_message *msg, uint32_t idx)
{
    struct wire_frame frame = { NULL, 0 };

    if (idx < wire_message_header(msg)->frames)
        frame = wire_message_frame(msg, idx);
    return frame.data ? json_loadb(frame.data, frame.size, JSON_ALLOW_NUL, NULL) : NULL;
}

static void rank_lost(struct cluster *cluster, int rank, const char *why)
{
    struct rank *each = &cluster->ranks[rank];

    if (each->state == RANK_LOST)
        return;
    log_warning("rank %d lost: %s", rank, why);
    each->state = RANK_LOST;
    idset_remove(cluster->living, rank);
    cluster->events.lost(rank, cluster->arg);
}

static void on_unreachable(struct loop *loop, void *arg)
{
    struct cluster *cluster = arg;

    cluster->losing = NULL;
    for (int rank = 0; rank < cluster->size; rank++)
        if (cluster->ranks[rank].unreachable)
            rank_lost(cluster, rank, cluster->ranks[rank].unreachable);
}

/* Marked now and reported from the loop: the sender is in the middle of
 * something. */
static void mark_unreachable(struct cluster *cluster, int rank, const char *why)
{
    struct rank *each = &cluster->ranks[rank];

    if (each->unreachable || each->state == RANK_LOST)
        return;
    each->unreachable = xasprintf("rank %d died with its keeper (%s)", rank, why);
    if (!cluster->losing)
        cluster->losing = loop_add_timer(cluster->loop, 0, 0, on_unreachable, cluster);
}

static int send_keeper(struct cluster *cluster, int rank, enum wire_type type,
                       uint64_t cell, const struct wire_frame *frames, uint32_t count)
{
    struct error err = { "" };

    if (keepers_send(cluster->keepers, cluster->ranks[rank].keeper, type, cell, frames,
                     count, &err)
        == 0)
        return 0;
    if (*err.text)
        mark_unreachable(cluster, rank, err.text);
    return -1;
}

void cluster_send(struct cluster *cluster, int rank, enum wire_type type, uint64_t cell,
                  const struct wire_frame *frames, uint32_t count)
{
    send_keeper(cluster, rank, type, cell, frames, count);
}

void cluster_send_all(struct cluster *cluster, const struct idset *ranks,
                      enum wire_type type, uint64_t cell,
                      const struct wire_frame *frames, uint32_t count)
{
    for (int rank = idset_first(ranks); rank >= 0; rank = idset_next(ranks, rank))
        send_keeper(cluster, rank, type, cell, frames, count);
}

void cluster_send_keepers(struct cluster *cluster, enum wire_type type)
{
    for (int rank = 0; rank < cluster->size; rank++)
        send_keeper(cluster, rank, type, 0, NULL, 0);
}

void cluster_pause(struct cluster *cluster, bool is_paused)
{
    keepers_pause(cluster->keepers, is_paused);
}

static void on_ping(struct loop *loop, void *arg)
{
    cluster_send_keepers(arg, WIRE_PING);
}

static void on_hello(struct cluster *cluster, int rank, const struct wire_message *msg)
{
    cluster->ranks[rank].hello = frame_json(msg, 1);
    cluster->ranks[rank].state = RANK_STARTING;
}

static void on_ready(struct cluster *cluster, int rank, const struct wire_message *msg)
{
    struct rank *each = &cluster->ranks[rank];

    if (each->state != RANK_STARTING) {
        log_warning("READY of rank %d out of order, ignored", rank);
        return;
    }
    each->ready = frame_json(msg, 0);
    each->state = RANK_READY;
    idset_add(cluster->living, rank);
    if (!cluster->is_ready && idset_count(cluster->living) == cluster->size) {
        cluster->is_ready = true;
        cluster->events.ready(cluster->arg);
    }
}

static void on_usage(struct cluster *cluster, int rank, const struct wire_message *msg)
{
    json_decref(cluster->ranks[rank].usage);
    cluster->ranks[rank].usage = frame_json(msg, 0);
}

/* Its keeper tells it by the number that it was started with. */
static void call_by_number(const struct rank *each, int rank)
{
    const char *text = json_string_value(json_object_get(each->exit, "text"));
    char *start = xasprintf("rank %d ", each->keeper), *now;

    if (text && each->keeper != rank && !strncmp(text, start, strlen(start))) {
        now = xasprintf("rank %d %s", rank, text + strlen(start));
        json_object_set_new(each->exit, "text", json_string(now));
        free(now);
    }
    free(start);
}

static void on_exited(struct cluster *cluster, int rank, const struct wire_message *msg)
{
    json_decref(cluster->ranks[rank].exit);
    cluster->ranks[rank].exit = frame_json(msg, 0);
    call_by_number(&cluster->ranks[rank], rank);
    rank_lost(cluster, rank, cluster_rank(cluster, rank).death);
}

static const struct {
    enum wire_type type;
    void (*handle)(struct cluster *cluster, int rank, const struct wire_message *msg);
} handlers[] = {
    { WIRE_HELLO, on_hello },
    { WIRE_READY, on_ready },
    { WIRE_USAGE, on_usage },
    { WIRE_EXIT, on_exited },
};

/* -1: there is none. */
static int find_keeper(const struct cluster *cluster, int keeper)
{
    for (int rank = 0; rank < cluster->size; rank++)
        if (cluster->ranks[rank].keeper == keeper)
            return rank;
    return -1;
}

static void on_message(int keeper, const struct wire_message *msg, void *arg)
{
    const struct wire_header *header = wire_message_header(msg);
    struct cluster *cluster = arg;
    int rank = find_keeper(cluster, keeper);

    if (rank < 0 || rank >= cluster->members) {
        log_warning("%s for rank %d refused: there is no such rank",
                    wire_type_name(header->type), keeper);
        return;
    }
    for (size_t i = 0; i < sizeof(handlers) / sizeof(*handlers); i++) {
        if (handlers[i].type == header->type) {
            handlers[i].handle(cluster, rank, msg);
            return;
        }
    }
    cluster->events.message(rank, msg, cluster->arg);
}

struct cluster *cluster_create(struct loop *loop, const char *endpoint,
                               const struct cluster_events *events, void *arg,
                               struct error *err)
{
    struct cluster *cluster = xcalloc(1, sizeof(*cluster));

    cluster->keepers = keepers_create(loop, endpoint, on_message, cluster, err);
    if (!cluster->keepers) {
        free(cluster);
        return NULL;
    }
    cluster->loop = loop;
    cluster->events = *events;
    cluster->arg = arg;
    cluster->living = idset_create();
    cluster->ping = loop_add_timer(loop, PING_MS, 1, on_ping, cluster);
    return cluster;
}

/* Nothing is known of any rank. */
static void forget(struct cluster *cluster)
{
    loop_remove(cluster->loop, cluster->losing);
    cluster->losing = NULL;
    for (int rank = 0; rank < cluster->size; rank++) {
        struct rank *each = &cluster->ranks[rank];

        json_decref(each->hello);
        json_decref(each->ready);
        json_decref(each->usage);
        json_decref(each->exit);
        free(each->unreachable);
    }
    free(cluster->ranks);
    idset_destroy(cluster->living);
}

void cluster_destroy(struct cluster *cluster)
{
    if (!cluster)
        return;
    forget(cluster);
    loop_remove(cluster->loop, cluster->ping);
    keepers_destroy(cluster->keepers);
    free(cluster);
}

void cluster_expect(struct cluster *cluster, int size, const char *secret)
{
    forget(cluster);
    keepers_expect(cluster->keepers, size, secret);
    cluster->size = cluster->members = size;
    cluster->is_ready = false;
    cluster->living = idset_create();
    cluster->ranks = xcalloc((size_t)size, sizeof(*cluster->ranks));
    for (int rank = 0; rank < size; rank++)
        cluster->ranks[rank].keeper = rank;
}

int cluster_size(const struct cluster *cluster)
{
    return cluster->members;
}

int cluster_started(const struct cluster *cluster)
{
    return cluster->size;
}

void cluster_renumber(struct cluster *cluster)
{
    struct rank *ranks = xcalloc((size_t)cluster->size, sizeof(*ranks));
    int count = 0, next;

    for (int rank = 0; rank < cluster->size; rank++)
        if (idset_has(cluster->living, rank))
            ranks[count++] = cluster->ranks[rank];
    next = cluster->members = count;
    for (int rank = 0; rank < cluster->size; rank++)
        if (!idset_has(cluster->living, rank))
            ranks[next++] = cluster->ranks[rank];
    free(cluster->ranks);
    cluster->ranks = ranks;
    idset_destroy(cluster->living);
    cluster->living = idset_create_range(0, count);
}

bool cluster_is_ready(const struct cluster *cluster)
{
    return cluster->is_ready;
}

const struct idset *cluster_living(const struct cluster *cluster)
{
    return cluster->living;
}

int cluster_lead(const struct cluster *cluster)
{
    return idset_first(cluster->living);
}

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text ? text : "";
}

/* "SIGKILL" from 9, or the exit status in words. */
static const char *fate_of(const json_t *death)
{
    static char text[32];
    int signal = (int)json_integer_value(json_object_get(death, "signal"));
    const char *name = signal > 0 ? sigabbrev_np(signal) : NULL;

    if (name)
        snprintf(text, sizeof(text), "SIG%s", name);
    else if (signal > 0)
        snprintf(text, sizeof(text), "signal %d", signal);
    else
        snprintf(text, sizeof(text), "status %d",
                 (int)json_integer_value(json_object_get(death, "status")));
    return text;
}

struct rank_info cluster_rank(const struct cluster *cluster, int rank)
{
    const struct rank *each = &cluster->ranks[rank];
    const json_t *memory = json_object_get(each->usage, "pss");
    struct rank_info info = {
        .state = each->state,
        .host = text_of(each->hello, "host"),
        .death = each->unreachable ? each->unreachable : "",
        .fate = "",
        .pid = (int)json_integer_value(json_object_get(each->ready, "pid")),
        .memory = -1,
        .ready = each->ready,
    };

    if (!memory)
        memory = json_object_get(each->usage, "rss");
    if (json_is_number(memory))
        info.memory = (int64_t)json_number_value(memory);
    if (each->exit) {
        info.death = text_of(each->exit, "text");
        info.fate = fate_of(each->exit);
    } else if (each->unreachable) {
        info.fate = "unreachable";
    }
    if (each->exit && !*info.death)
        info.death = "the interpreter of a rank has ended";
    return info;
}

void cluster_lose_all(struct cluster *cluster, const char *why)
{
    for (int rank = 0; rank < cluster->size; rank++) {
        struct rank *each = &cluster->ranks[rank];

        if (each->state == RANK_LOST)
            continue;
        if (!each->unreachable)
            each->unreachable = xasprintf("all ranks are gone: %s", why);
        rank_lost(cluster, rank, each->unreachable);
    }
}
