/* watch.c - ranks that wait for others in vain */
#include "kernel/front/watch.h"

#include <stdlib.h>

#include "kernel/base/buf.h"
#include "kernel/base/mem.h"
#include "kernel/front/gather/label.h"

/* A rank's page takes 255 bytes of words; a waiter more may follow these. */
#define WATCH_LINE_MAX 160

struct waiter {
    json_t *call;  /* NULL: it moves */
    int64_t since; /* when it began to wait */
    bool is_released;
    bool is_held; /* at a breakpoint */
};

struct watch {
    struct loop *loop;
    struct loop_watch *timer;
    struct watch_calls calls;
    void *arg;
    struct idset *running;
    struct waiter *waiters; /* by rank */
    int size;
    int patience; /* ms */
    int64_t begun;
    int64_t failed;   /* when the first rank failed; -1: none has */
    bool is_death;    /* a rank is gone: what was begun with it never ends */
    bool is_reported; /* this standstill */
};

struct watch *watch_create(struct loop *loop, const struct idset *targets, int patience,
                           const struct watch_calls *calls, void *arg)
{
    struct watch *watch = xcalloc(1, sizeof(*watch));

    watch->loop = loop;
    watch->patience = patience;
    watch->calls = *calls;
    watch->arg = arg;
    watch->running = idset_copy(targets);
    for (int rank = idset_first(targets); rank >= 0; rank = idset_next(targets, rank))
        watch->size = rank + 1;
    watch->waiters = xcalloc((size_t)watch->size, sizeof(*watch->waiters));
    watch->begun = loop_now();
    watch->failed = -1;
    return watch;
}

void watch_destroy(struct watch *watch)
{
    if (!watch)
        return;
    loop_remove(watch->loop, watch->timer);
    for (int rank = 0; rank < watch->size; rank++)
        json_decref(watch->waiters[rank].call);
    free(watch->waiters);
    idset_destroy(watch->running);
    free(watch);
}

/* When a waiting rank is to be released; -1: not without another event. */
static int64_t release_time(const struct watch *watch, int rank)
{
    const struct waiter *waiter = &watch->waiters[rank];
    int64_t since = waiter->since > watch->failed ? waiter->since : watch->failed;

    if (watch->failed < 0 || !waiter->call || waiter->is_released)
        return -1;
    /* What the living have begun together comes to its end. */
    if (!watch->is_death && json_is_true(json_object_get(waiter->call, "started")))
        return -1;
    return since + WATCH_GRACE_MS;
}

/* When nobody has moved for long; -1: somebody moves. */
static int64_t report_time(const struct watch *watch)
{
    int64_t last = -1;

    if (watch->is_reported)
        return -1;
    for (int rank = idset_first(watch->running); rank >= 0;
         rank = idset_next(watch->running, rank)) {
        if (!watch->waiters[rank].call || watch->waiters[rank].is_held)
            return -1;
        if (watch->waiters[rank].since > last)
            last = watch->waiters[rank].since;
    }
    return last < 0 ? -1 : last + watch->patience;
}

/* "rank 0 waits in Recv (peer 3, tag 7) in line 2" */
static void add_waiter(const struct watch *watch, int rank, struct buf *text)
{
    const json_t *call = watch->waiters[rank].call;
    const char *name = json_string_value(json_object_get(call, "call"));
    const json_t *peer = json_object_get(call, "peer");
    const json_t *tag = json_object_get(call, "tag");
    const json_t *line = json_object_get(call, "line");

    buf_add_format(text, "rank %d waits in %s", rank, name ? name : "an MPI call");
    if (json_integer_value(peer) >= 0 && json_is_integer(peer)) {
        buf_add_format(text, " (peer %d", (int)json_integer_value(peer));
        if (json_is_integer(tag) && json_integer_value(tag) >= 0)
            buf_add_format(text, ", tag %d", (int)json_integer_value(tag));
        buf_add_text(text, ")");
    }
    if (json_integer_value(line) > 0)
        buf_add_format(text, " in line %d", (int)json_integer_value(line));
}

/* All in one line, as far as it goes: "nobody moves: rank 0 waits in ..., ..." */
static void add_summary(const struct watch *watch, struct buf *text)
{
    const char *between = "nobody moves: ";

    for (int rank = idset_first(watch->running); rank >= 0;
         rank = idset_next(watch->running, rank)) {
        if (text->size > WATCH_LINE_MAX) {
            buf_add_text(text, ", ...");
            return;
        }
        buf_add_text(text, between);
        add_waiter(watch, rank, text);
        between = ", ";
    }
}

static void report(struct watch *watch, int64_t now)
{
    struct buf text = { 0 }, line = { 0 };
    char *words = label_words(watch->running);

    buf_add_format(&text, "[nobody moves: %s %s; stop the cell to go on]\n", words,
                   idset_count(watch->running) == 1 ? "waits" : "all wait");
    for (int rank = idset_first(watch->running); rank >= 0;
         rank = idset_next(watch->running, rank)) {
        buf_add_text(&text, "  ");
        add_waiter(watch, rank, &text);
        buf_add_format(&text, " for %d s\n",
                       (int)((now - watch->waiters[rank].since) / 1000));
    }
    add_summary(watch, &line);
    watch->is_reported = true;
    watch->calls.report(buf_text(&text), buf_text(&line), watch->arg);
    buf_clear(&text);
    buf_clear(&line);
    free(words);
}

static void look(struct loop *loop, void *arg);

static void set_timer(struct watch *watch)
{
    int64_t due = report_time(watch), now;

    loop_remove(watch->loop, watch->timer);
    watch->timer = NULL;
    for (int rank = idset_first(watch->running); rank >= 0;
         rank = idset_next(watch->running, rank)) {
        int64_t time = release_time(watch, rank);

        if (time >= 0 && (due < 0 || time < due))
            due = time;
    }
    if (due < 0)
        return;
    now = loop_now();
    watch->timer =
        loop_add_timer(watch->loop, due > now ? due - now : 0, 0, look, watch);
}

static void look(struct loop *loop, void *arg)
{
    struct watch *watch = arg;
    int64_t now = loop_now(), due = report_time(watch);

    watch->timer = NULL;
    if (due >= 0 && now >= due)
        report(watch, now);
    for (int rank = idset_first(watch->running); rank >= 0;
         rank = idset_next(watch->running, rank)) {
        int64_t time = release_time(watch, rank);

        if (time >= 0 && now >= time) {
            watch->waiters[rank].is_released = true;
            watch->calls.release(rank, watch->arg);
        }
    }
    set_timer(watch);
}

void watch_waiting(struct watch *watch, int rank, json_t *waiting)
{
    int64_t since = json_integer_value(json_object_get(waiting, "since_ms"));
    struct waiter *waiter;

    if (rank >= watch->size || !idset_has(watch->running, rank)) {
        json_decref(waiting);
        return;
    }
    waiter = &watch->waiters[rank];
    json_decref(waiter->call);
    waiter->call = waiting;
    waiter->since = loop_now() - since;
    waiter->is_released = false;
    watch->is_reported = false;
    set_timer(watch);
}

json_t *watch_where(const struct watch *watch, int rank)
{
    const struct waiter *waiter = &watch->waiters[rank];
    int64_t now = loop_now();
    json_t *waits = json_null();

    if (waiter->call) {
        waits = json_copy(waiter->call);
        json_object_set_new(waits, "since_ms", json_integer(now - waiter->since));
    }
    return json_pack("{s:I, s:o}", "since_ms", (json_int_t)(now - watch->begun),
                     "waits", waits);
}

void watch_held(struct watch *watch, int rank, bool is_held)
{
    if (rank >= watch->size)
        return;
    watch->waiters[rank].is_held = is_held;
    if (!is_held) /* nobody could move until now */
        watch->waiters[rank].since = loop_now();
    set_timer(watch);
}

void watch_done(struct watch *watch, int rank)
{
    idset_remove(watch->running, rank);
    if (watch->timer)
        set_timer(watch);
}

void watch_failed(struct watch *watch, bool is_death)
{
    watch->is_death = watch->is_death || is_death;
    if (watch->failed < 0)
        watch->failed = loop_now();
    set_timer(watch);
}
