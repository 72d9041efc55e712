/* watch.c - ranks that wait for others in vain */
#include "kernel/front/watch.h"

#include <stdlib.h>
#include <string.h>

#include "kernel/base/mem.h"
#include "kernel/front/graph.h"
#include "kernel/front/standstill.h"

struct waiter {
    struct idset *others; /* that can end its wait; NULL: it moves, or nobody knows */
    int64_t since;        /* when it began to wait, or ended the cell */
    bool is_released;
    bool is_reported; /* it was in a report since it moved */
    bool is_held;     /* at a breakpoint */
    int line, cell;   /* where it computes; 0: not known */
    bool is_dead;
};

struct watch {
    struct loop *loop;
    struct loop_watch *timer;
    struct watch_calls calls;
    void *arg;
    struct idset *targets, *running;
    struct graph *graph;
    struct waiter *waiters; /* by rank */
    json_t **waits;         /* by rank, what they wait in; NULL: they move */
    int size;
    int patience; /* ms */
    int64_t begun;
    bool has_failed; /* a rank of the cell */
};

struct watch *watch_create(struct loop *loop, const struct idset *targets, int size,
                           int patience, const struct watch_calls *calls, void *arg)
{
    struct watch *watch = xcalloc(1, sizeof(*watch));

    watch->loop = loop;
    watch->calls = *calls;
    watch->arg = arg;
    watch->targets = idset_copy(targets);
    watch->running = idset_copy(targets);
    watch->size = size;
    watch->graph = graph_create(size);
    watch->waiters = xcalloc((size_t)size, sizeof(*watch->waiters));
    watch->waits = xcalloc((size_t)size, sizeof(json_t *));
    watch->patience = patience;
    watch->begun = loop_now();
    for (int rank = 0; rank < size; rank++)
        watch->waiters[rank].since = watch->begun;
    return watch;
}

void watch_destroy(struct watch *watch)
{
    if (!watch)
        return;
    loop_remove(watch->loop, watch->timer);
    for (int rank = 0; rank < watch->size; rank++) {
        json_decref(watch->waits[rank]);
        idset_destroy(watch->waiters[rank].others);
    }
    free(watch->waits);
    free(watch->waiters);
    graph_destroy(watch->graph);
    idset_destroy(watch->running);
    idset_destroy(watch->targets);
    free(watch);
}

/* ---- what is known, as a graph ---- */

static enum graph_state waiting_state(const json_t *wait)
{
    static const struct {
        const char *needs;
        enum graph_state state;
    } states[] = {
        { "any", GRAPH_ANY },
        { "all", GRAPH_ALL },
        { "life", GRAPH_INSIDE },
    };
    const char *needs = json_string_value(json_object_get(wait, "needs"));

    for (size_t i = 0; needs && i < sizeof(states) / sizeof(*states); i++) {
        if (!strcmp(states[i].needs, needs))
            return states[i].state;
    }
    return GRAPH_MOVES;
}

static struct graph_node node_of(const struct watch *watch, int rank)
{
    const struct waiter *waiter = &watch->waiters[rank];
    const json_t *wait = watch->waits[rank];
    struct graph_node node = { .others = waiter->others, .since = waiter->since };

    if (!idset_has(watch->running, rank))
        node.state = waiter->is_dead ? GRAPH_DEAD : GRAPH_ENDED;
    else if (waiter->others && !waiter->is_held)
        node.state = waiting_state(wait);
    node.is_thread = json_is_true(json_object_get(wait, "thread"));
    return node;
}

static void solve(struct watch *watch)
{
    for (int rank = 0; rank < watch->size; rank++)
        graph_set(watch->graph, rank, node_of(watch, rank));
    graph_solve(watch->graph);
}

/* ---- what follows ---- */

/* When a rank that waits in vain is to be released; -1: not without another event. */
static int64_t release_time(const struct watch *watch, int rank)
{
    int64_t since = graph_stuck(watch->graph, rank);

    if (!watch->has_failed || since < 0 || watch->waiters[rank].is_released)
        return -1;
    return since + WATCH_GRACE_MS;
}

/* When it is to be reported; -1: somebody can still end its wait, or it was. */
static int64_t report_time(const struct watch *watch, int rank)
{
    const struct waiter *waiter = &watch->waiters[rank];
    int64_t since = graph_stuck(watch->graph, rank);

    if (since < 0 || waiter->is_released || waiter->is_reported
        || graph_get(watch->graph, rank)->is_thread)
        return -1;
    return since + watch->patience;
}

/* All that wait in vain, also those that were in an earlier report. */
static void report(struct watch *watch, int64_t now)
{
    struct idset *stuck = idset_create();
    struct standstill still = {
        .graph = watch->graph,
        .stuck = stuck,
        .calls = (const json_t *const *)watch->waits,
        .running = watch->running,
        .targets = watch->targets,
        .now = now,
    };
    char *text, *line;

    for (int rank = idset_first(watch->running); rank >= 0;
         rank = idset_next(watch->running, rank)) {
        if (graph_stuck(watch->graph, rank) < 0)
            continue;
        idset_add(stuck, rank);
        watch->waiters[rank].is_reported = true;
    }
    text = standstill_text(&still);
    line = standstill_line(&still);
    watch->calls.report(stuck, text, line, watch->arg);
    idset_destroy(stuck);
    free(text);
    free(line);
}

static void look(struct loop *loop, void *arg);

static int64_t earlier(int64_t a, int64_t b)
{
    return a < 0 || (b >= 0 && b < a) ? b : a;
}

static void set_timer(struct watch *watch)
{
    int64_t due = -1, now;

    loop_remove(watch->loop, watch->timer);
    watch->timer = NULL;
    solve(watch);
    for (int rank = idset_first(watch->running); rank >= 0;
         rank = idset_next(watch->running, rank)) {
        due = earlier(due, release_time(watch, rank));
        due = earlier(due, report_time(watch, rank));
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
    int64_t now = loop_now(), time;
    bool reports = false;

    watch->timer = NULL;
    for (int rank = idset_first(watch->running); rank >= 0;
         rank = idset_next(watch->running, rank)) {
        time = report_time(watch, rank);
        reports = reports || (time >= 0 && now >= time);
    }
    if (reports)
        report(watch, now);
    for (int rank = idset_first(watch->running); rank >= 0;
         rank = idset_next(watch->running, rank)) {
        time = release_time(watch, rank);
        if (time >= 0 && now >= time) {
            watch->waiters[rank].is_released = true;
            watch->calls.release(rank, watch->arg);
        }
    }
    set_timer(watch);
}

/* ---- what is heard ---- */

/* NULL when that is not known: then it counts as one that moves. */
static struct idset *decode_others(const json_t *waiting)
{
    const char *ranks = json_string_value(json_object_get(waiting, "ranks"));

    return ranks ? idset_decode(ranks, NULL) : NULL;
}

/* More is known of the same wait. */
static bool is_same_wait(const json_t *old, const json_t *new)
{
    const json_t *a = json_object_get(old, "id"), *b = json_object_get(new, "id");

    return a && b && json_equal(a, b);
}

static int json_number(const json_t *object, const char *key)
{
    return (int)json_integer_value(json_object_get(object, key));
}

void watch_waiting(struct watch *watch, int rank, json_t *waiting)
{
    int64_t since = json_integer_value(json_object_get(waiting, "since_ms"));
    struct waiter *waiter;
    bool is_same;

    if (rank >= watch->size || !idset_has(watch->running, rank)) {
        json_decref(waiting);
        return;
    }
    waiter = &watch->waiters[rank];
    waiter->line = json_number(waiting, "line");
    waiter->cell = json_number(waiting, "cell");
    if (!json_object_get(waiting, "call")) {
        json_decref(waiting);
        waiting = NULL;
    }
    is_same = is_same_wait(watch->waits[rank], waiting);
    json_decref(watch->waits[rank]);
    idset_destroy(waiter->others);
    watch->waits[rank] = waiting;
    waiter->others = decode_others(waiting);
    waiter->since = loop_now() - since;
    waiter->is_released = waiter->is_released && is_same;
    waiter->is_reported = waiter->is_reported && is_same;
    set_timer(watch);
}

json_t *watch_where(const struct watch *watch, int rank)
{
    const json_t *wait = watch->waits[rank];
    int64_t now = loop_now();
    json_t *waits = json_null();

    if (wait) {
        waits = json_copy((json_t *)wait);
        json_object_set_new(waits, "since_ms",
                            json_integer(now - watch->waiters[rank].since));
    }
    return json_pack("{s:I, s:o, s:i, s:i}", "since_ms",
                     (json_int_t)(now - watch->begun), "waits", waits, "line",
                     watch->waiters[rank].line, "cell", watch->waiters[rank].cell);
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
    watch->waiters[rank].since = loop_now();
    set_timer(watch);
}

void watch_failed(struct watch *watch, int rank, bool is_death)
{
    watch->has_failed = true;
    watch->waiters[rank].is_dead = is_death;
}
