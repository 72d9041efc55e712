/* origin.c - where output comes from */
#include "kernel/front/origin.h"

#include <stdlib.h>
#include <string.h>

#include "kernel/base/mem.h"
#include "kernel/front/cluster.h"

/* Finished requests that are remembered. */
#define ORIGINS_KEPT 256

struct origin {
    struct origin *older;
    struct origins *all;
    uint64_t id;
    struct message *request;
    struct gather *gather;
    struct loop_watch *timer;
    int64_t due; /* when the timer fires */
    bool is_silent;
    bool is_finished;
};

struct origins {
    struct loop *loop;
    struct channels *channels;
    struct displays *displays;
    struct comms *comms;
    struct origin *newest;
    int count;
    uint64_t last_id;
    struct cluster *cluster;
    bool is_paced;
};

struct origins *origins_create(struct loop *loop, struct channels *channels,
                               struct cluster *cluster, struct displays *displays,
                               struct comms *comms)
{
    struct origins *origins = xcalloc(1, sizeof(*origins));

    origins->loop = loop;
    origins->channels = channels;
    origins->cluster = cluster;
    origins->displays = displays;
    origins->comms = comms;
    /* jupyter_server names the notebook to kernels that it starts, and it alone
     * limits what they write. */
    origins->is_paced = getenv("JPY_SESSION_NAME") != NULL;
    return origins;
}

static void origin_destroy(struct origin *origin)
{
    loop_remove(origin->all->loop, origin->timer);
    gather_destroy(origin->gather);
    message_unref(origin->request);
    free(origin);
}

void origins_destroy(struct origins *origins)
{
    struct origin *origin;

    if (!origins)
        return;
    while ((origin = origins->newest)) {
        origins->newest = origin->older;
        origin_destroy(origin);
    }
    free(origins);
}

static void publish(const struct message_out *out, void *arg)
{
    struct origin *origin = arg;
    struct message_out full = *out;

    /* Widgets exist in the browser whether or not the cell shows anything. */
    if (origin->is_silent && strncmp(out->type, "comm_", 5) != 0)
        return;
    full.parent = origin->request;
    channels_publish(origin->all->channels, &full);
}

static void hold(int rank, bool is_held, void *arg)
{
    struct origin *origin = arg;
    struct wire_frame frame = { is_held ? "1" : "0", 1 };

    cluster_send(origin->all->cluster, rank, WIRE_HOLD, 0, &frame, 1);
}

/* Forgets the oldest finished ones. */
static void forget_old(struct origins *origins)
{
    struct origin **link = &origins->newest;
    int seen = 0;

    if (origins->count <= ORIGINS_KEPT)
        return;
    while (*link) {
        struct origin *origin = *link;

        if (++seen > ORIGINS_KEPT && origin->is_finished) {
            *link = origin->older;
            origins->count--;
            origin_destroy(origin);
        } else {
            link = &origin->older;
        }
    }
}

struct origin *origins_add(struct origins *origins, struct message *request,
                           const struct idset *targets, enum gather_mode mode,
                           bool is_silent)
{
    struct origin *origin = xcalloc(1, sizeof(*origin));
    struct gather_config config = {
        .targets = targets,
        .mode = mode,
        .displays = origins->displays,
        .is_paced = origins->is_paced,
        .comms = origins->comms,
        .cell = ++origins->last_id,
        .publish = publish,
        .hold = hold,
        .arg = origin,
    };

    origin->all = origins;
    origin->id = config.cell;
    origin->request = message_ref(request);
    origin->is_silent = is_silent;
    origin->gather = gather_create(&config);
    origin->older = origins->newest;
    origins->newest = origin;
    origins->count++;
    forget_old(origins);
    return origin;
}

struct origin *origins_find(struct origins *origins, uint64_t id)
{
    struct origin *origin = origins->newest;

    while (origin && origin->id != id)
        origin = origin->older;
    return origin;
}

uint64_t origin_id(const struct origin *origin)
{
    return origin->id;
}

const struct message *origin_request(const struct origin *origin)
{
    return origin->request;
}

static void set_timer(struct origin *origin);

static void on_timer(struct loop *loop, void *arg)
{
    struct origin *origin = arg;

    origin->timer = NULL;
    gather_tick(origin->gather, loop_now());
    set_timer(origin);
}

/* A timer that fires too early is left alone: it sets the next one. */
static void set_timer(struct origin *origin)
{
    int64_t due = gather_deadline(origin->gather), now;

    if (due < 0 || (origin->timer && origin->due <= due))
        return;
    now = loop_now();
    loop_remove(origin->all->loop, origin->timer);
    origin->due = due;
    origin->timer = loop_add_timer(origin->all->loop, due > now ? due - now : 0, 0,
                                   on_timer, origin);
}

void origin_stream(struct origin *origin, int rank, const char *name, const void *text,
                   size_t size)
{
    gather_stream(origin->gather, rank, name, text, size, loop_now());
    set_timer(origin);
}

void origin_message(struct origin *origin, int rank, const char *type,
                    struct message_part content, const struct message_part *buffers,
                    size_t count)
{
    gather_message(origin->gather, rank, type, content, buffers, count, loop_now());
    set_timer(origin);
}

void origin_comm(struct origin *origin, int rank, const char *type,
                 const struct message_part *parts, size_t count)
{
    gather_comm(origin->gather, rank, type, parts, count, loop_now());
    set_timer(origin);
}

void origin_note(struct origin *origin, const char *name, const char *text)
{
    gather_note(origin->gather, name, text, loop_now());
}

void origin_done(struct origin *origin, int rank)
{
    gather_done(origin->gather, rank, loop_now());
    set_timer(origin);
}

void origin_finish(struct origin *origin)
{
    struct message *request = origin->request;

    gather_finish(origin->gather, loop_now());
    loop_remove(origin->all->loop, origin->timer);
    origin->timer = NULL;
    origin->is_finished = true;
    /* Late output needs a parent; what was asked for may be large. */
    origin->request = message_head(request);
    message_unref(request);
}
