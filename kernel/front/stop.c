/* stop.c - Stop, and ranks that do not answer it */
#include "kernel/front/stop.h"

#include <stdlib.h>
#include <string.h>

#include "kernel/base/buf.h"
#include "kernel/base/log.h"
#include "kernel/base/mem.h"
#include "kernel/front/origin.h"

#define DEAF_MS 5000
#define SEEN_MS 2000 /* a keeper needs a second at most */

struct stop {
    struct front *front;
    struct origin *origin;
    const struct idset *running;
    struct loop_watch *timer; /* until the ranks are looked at, or have been */
    struct idset *asked;      /* keepers that have not said what they see */
    struct idset *doomed;     /* ranks that the cell has said the next press kills */
    json_t **seen;            /* by rank: what keepers saw of those that are deaf */
    int size;
};

struct stop *stop_create(struct front *front, struct origin *origin,
                         const struct idset *running)
{
    struct stop *stop = xcalloc(1, sizeof(*stop));

    stop->front = front;
    stop->origin = origin;
    stop->running = running;
    stop->asked = idset_create();
    stop->doomed = idset_create();
    stop->size = cluster_size(front->cluster);
    stop->seen = xcalloc((size_t)stop->size, sizeof(json_t *));
    return stop;
}

static void forget(struct stop *stop, int rank)
{
    json_decref(stop->seen[rank]);
    stop->seen[rank] = NULL;
}

void stop_destroy(struct stop *stop)
{
    if (!stop)
        return;
    loop_remove(stop->front->loop, stop->timer);
    for (int rank = 0; rank < stop->size; rank++)
        forget(stop, rank);
    free(stop->seen);
    idset_destroy(stop->asked);
    idset_destroy(stop->doomed);
    free(stop);
}

static void set_timer(struct stop *stop, int64_t ms, loop_f call)
{
    loop_remove(stop->front->loop, stop->timer);
    stop->timer = call ? loop_add_timer(stop->front->loop, ms, 0, call, stop) : NULL;
}

/* ---- what the cell says ---- */

static const char *text_of(const json_t *seen, const char *key)
{
    const char *text = json_string_value(json_object_get(seen, key));

    return text ? text : "";
}

/* "computes at line 3 of the cell, in f; it blocks SIGINT" */
static char *describe(const json_t *seen)
{
    const char *call = text_of(seen, "call"), *where = text_of(seen, "where");
    const char *why = text_of(seen, "why");
    struct buf text = { 0 };

    if (*call)
        buf_add_format(&text, "waits in %s, which cannot be ended now", call);
    else if (!strcmp(text_of(seen, "state"), "R"))
        buf_add_text(&text, "computes");
    else
        buf_add_text(&text, "waits");
    if (*where)
        buf_add_format(&text, " at %s", where);
    if (*why)
        buf_add_format(&text, "; %s", why);
    return buf_take(&text);
}

/* "ranks 0-2 compute ...": those that do the same, in one line. */
static void add_lines(const struct stop *stop, struct buf *text)
{
    char **lines = xcalloc((size_t)stop->size, sizeof(*lines));
    struct idset *alike;
    char *label;

    for (int rank = 0; rank < stop->size; rank++)
        lines[rank] = stop->seen[rank] ? describe(stop->seen[rank]) : NULL;
    for (int rank = 0; rank < stop->size; rank++) {
        if (!lines[rank])
            continue;
        alike = idset_create();
        for (int other = stop->size - 1; other >= rank; other--) {
            if (!lines[other] || strcmp(lines[other], lines[rank]))
                continue;
            idset_add(alike, other);
            if (other > rank) {
                free(lines[other]);
                lines[other] = NULL;
            }
        }
        label = idset_encode(alike);
        buf_add_format(text, "  [%s] %s\n", label, lines[rank]);
        free(label);
        idset_destroy(alike);
        free(lines[rank]);
        lines[rank] = NULL;
    }
    free(lines);
}

/* Who waits in MPI may only wait for one that is deaf: it is spared as long as there
 * is such a one. */
static void doom(struct stop *stop)
{
    bool is_any_outside = false;

    for (int rank = 0; rank < stop->size; rank++)
        is_any_outside |= stop->seen[rank] && !*text_of(stop->seen[rank], "call");
    for (int rank = 0; rank < stop->size; rank++) {
        if (stop->seen[rank]
            && (!is_any_outside || !*text_of(stop->seen[rank], "call")))
            idset_add(stop->doomed, rank);
    }
}

static void add_remedy(const struct stop *stop, struct buf *text)
{
    const struct idset *living = cluster_living(stop->front->cluster);
    char *ranks = idset_encode(stop->doomed);
    bool is_one = idset_count(stop->doomed) == 1;

    buf_add_format(
        text,
        "Press Stop once more to kill rank%s %s: %s variables are lost, as at any "
        "death",
        is_one ? "" : "s", ranks, is_one ? "its" : "their");
    buf_add_text(text, idset_count(stop->doomed) < idset_count(living)
                           ? "; the other ranks keep theirs and go on.\n"
                           : ", and %ranks restart starts new ones.\n");
    free(ranks);
}

/* In a replay nobody sits in front of the cell, and a second Ctrl-C ends everything. */
static bool is_alone(const struct stop *stop)
{
    return stop->front->fails_standstill;
}

static void tell(struct stop *stop)
{
    struct buf text = { 0 };

    doom(stop);
    if (idset_count(stop->doomed) == 0)
        return;
    buf_add_format(&text,
                   "%s not answered Stop for %d s; only code that returns to Python "
                   "can:\n",
                   idset_count(stop->doomed) == 1 ? "A rank has" : "Ranks have",
                   DEAF_MS / 1000);
    add_lines(stop, &text);
    if (is_alone(stop))
        buf_add_text(
            &text, "Nobody is here to press Stop once more: this kills such ranks.\n");
    else
        add_remedy(stop, &text);
    log_info("%s", buf_text(&text));
    origin_note(stop->origin, "stderr", buf_text(&text));
    buf_clear(&text);
}

/* ---- what happens ---- */

static void end_look(struct stop *stop)
{
    set_timer(stop, 0, NULL);
    tell(stop);
    for (int rank = 0; rank < stop->size; rank++)
        forget(stop, rank);
    if (is_alone(stop) && idset_count(stop->doomed) > 0)
        stop_press(stop);
}

/* What has not been seen is not told. */
static void on_patience(struct loop *loop, void *arg)
{
    end_look(arg);
}

static void on_deaf(struct loop *loop, void *arg)
{
    struct stop *stop = arg;

    idset_destroy(stop->asked);
    stop->asked = idset_copy(stop->running);
    cluster_send_all(stop->front->cluster, stop->running, WIRE_LOOK,
                     origin_id(stop->origin), NULL, 0);
    set_timer(stop, SEEN_MS, on_patience);
}

static void heard(struct stop *stop, int rank)
{
    if (!idset_has(stop->asked, rank))
        return;
    idset_remove(stop->asked, rank);
    if (idset_count(stop->asked) == 0)
        end_look(stop);
}

void stop_seen(struct stop *stop, int rank, const json_t *seen)
{
    if (idset_has(stop->asked, rank) && json_is_true(json_object_get(seen, "is_deaf")))
        stop->seen[rank] = json_copy((json_t *)seen);
    heard(stop, rank);
}

void stop_done(struct stop *stop, int rank)
{
    forget(stop, rank);
    idset_remove(stop->doomed, rank);
    heard(stop, rank);
}

static void interrupt(const struct stop *stop, const struct idset *ranks,
                      const char *reason)
{
    char *json = xasprintf("{\"reason\":\"%s\"}", reason);
    struct wire_frame frame = { json, strlen(json) };

    cluster_send_all(stop->front->cluster, ranks, WIRE_INTERRUPT,
                     origin_id(stop->origin), &frame, 1);
    free(json);
}

/* The clock starts with the first press that somebody may not answer: a second one
 * before the cell has said anything is one more interrupt, and no more. */
void stop_press(struct stop *stop)
{
    bool kills = idset_count(stop->doomed) > 0;

    interrupt(stop, kills ? stop->doomed : stop->running, kills ? "kill" : "stop");
    idset_destroy(stop->doomed);
    stop->doomed = idset_create();
    if (!stop->timer || kills)
        set_timer(stop, DEAF_MS, on_deaf);
}
