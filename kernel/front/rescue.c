/* rescue.c - the end of waits that nobody would end */
#include "kernel/front/rescue.h"

#include <stdlib.h>
#include <string.h>

#include "kernel/base/mem.h"
#include "kernel/front/origin.h"
#include "kernel/front/watch.h"

struct rescue {
    struct front *front;
    struct origin *origin;
    const struct idset *running;
    struct watch *watch;
    int cause; /* the rank that failed first; -1: none has */
    char *text;
    bool is_death;
};

/* Ends what 'rank' waits for, by an error with this text. */
static void give_up(const struct rescue *rescue, int rank, int cause, const char *text)
{
    json_t *reason =
        json_pack("{s:s, s:i, s:s}", "reason", rescue->is_death ? "death" : "peer",
                  "rank", cause, "text", text ? text : "");
    char *bytes = json_dumps(reason, JSON_COMPACT);
    struct wire_frame frame = { bytes, strlen(bytes) };

    cluster_send(rescue->front->cluster, rank, WIRE_INTERRUPT,
                 origin_id(rescue->origin), &frame, 1);
    free(bytes);
    json_decref(reason);
}

static void release(int rank, void *arg)
{
    const struct rescue *rescue = arg;

    give_up(rescue, rank, rescue->cause, rescue->text);
}

/* Where nobody is there to stop the cell, it fails. */
static void report(const struct idset *ranks, const char *text, const char *line,
                   void *arg)
{
    const struct rescue *rescue = arg;

    origin_note(rescue->origin, "stderr", text);
    if (!rescue->front->fails_standstill)
        return;
    for (int rank = idset_first(ranks); rank >= 0; rank = idset_next(ranks, rank))
        give_up(rescue, rank, -1, line);
}

struct rescue *rescue_create(struct front *front, struct origin *origin,
                             const struct idset *running)
{
    static const struct watch_calls calls = { release, report };
    struct rescue *rescue = xcalloc(1, sizeof(*rescue));

    rescue->front = front;
    rescue->origin = origin;
    rescue->running = running;
    rescue->cause = -1;
    rescue->watch = watch_create(front->loop, running, cluster_size(front->cluster),
                                 front->patience, &calls, rescue);
    return rescue;
}

void rescue_destroy(struct rescue *rescue)
{
    if (!rescue)
        return;
    watch_destroy(rescue->watch);
    free(rescue->text);
    free(rescue);
}

struct watch *rescue_watch(const struct rescue *rescue)
{
    return rescue->watch;
}

void rescue_failed(struct rescue *rescue, int rank, const char *text, bool is_death)
{
    rescue->is_death = rescue->is_death || is_death;
    watch_failed(rescue->watch, rank, is_death);
    if (rescue->cause >= 0)
        return;
    rescue->cause = rank;
    rescue->text = xstrdup(text);
}

void rescue_done(struct rescue *rescue, int rank)
{
    watch_done(rescue->watch, rank);
}
