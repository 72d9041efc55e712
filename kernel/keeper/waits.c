/* waits.c - whether the interpreter waits in MPI, seen from outside */
#include "kernel/keeper/waits.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/base/buf.h"
#include "kernel/base/idset.h"
#include "kernel/base/mem.h"
#include "kernel/keeper/fields.h"

#define LOOK_MS 250
#define LONG_NS 500000000u
#define MOVES_LOOKS 4     /* from line to line of a rank that computes */
#define ASK_NS 200000000u /* the answer is there by the look that tells */

struct waits {
    struct loop *loop;
    struct page *page;
    waits_f call;
    waits_ask_f ask;
    void *arg;
    int thread; /* the interpreter's main thread: its pid */
    struct loop_watch *timer;
    struct page_wait told; /* what the front knows; not active: that it moves */
    uint64_t told_place;
    uint64_t asked_ns; /* the wait whose place was asked for */
    unsigned moved;    /* looks since it waited */
};

/* "0-3,7" */
static char *encode_ranks(const struct page_wait *wait)
{
    struct idset *ranks = idset_create();
    char *text;

    for (int rank = 0; rank < PAGE_RANKS; rank++) {
        if (wait->ranks[rank / 64] >> rank % 64 & 1)
            idset_add(ranks, rank);
    }
    text = idset_encode(ranks);
    idset_destroy(ranks);
    return text;
}

char *waits_encode(const struct page_wait *wait, int thread, uint64_t place,
                   uint64_t now_ns)
{
    static const char *const needs[] = {
        [PAGE_NEEDS_UNKNOWN] = "",
        [PAGE_NEEDS_ANY] = "any",
        [PAGE_NEEDS_ALL] = "all",
        [PAGE_NEEDS_LIFE] = "life",
    };
    uint64_t since = now_ns > wait->since_ns ? now_ns - wait->since_ns : 0;
    char *ranks = encode_ranks(wait);
    struct buf out = { 0 };

    fields_begin(&out);
    fields_add_text(&out, "call", wait->call);
    fields_add_text(&out, "comm", wait->comm);
    fields_add_number(&out, "peer", wait->peer);
    fields_add_number(&out, "tag", wait->tag);
    fields_add_number(&out, "since_ms", (int64_t)(since / 1000000));
    fields_add_bool(&out, "started", (int)wait->started);
    fields_add_number(&out, "line", (uint32_t)place);
    fields_add_number(&out, "cell", (int64_t)(place >> 32));
    fields_add_number(&out, "id", (int64_t)wait->since_ns);
    fields_add_number(&out, "size", wait->comm_size);
    fields_add_number(&out, "arrived", wait->arrived);
    fields_add_text(&out, "needs",
                    wait->needs <= PAGE_NEEDS_LIFE ? needs[wait->needs] : "");
    fields_add_text(&out, "ranks", ranks);
    fields_add_bool(&out, "thread", wait->thread != thread);
    fields_end(&out);
    free(ranks);
    return buf_take(&out);
}

/* The main thread's wait, or that of any thread. */
static bool find(struct waits *waits, struct page_wait *out)
{
    struct page_wait wait;
    bool found = false;

    for (int i = 0; i < PAGE_THREADS; i++) {
        if (!page_wait_read(waits->page, i, &wait))
            continue;
        if (!found || wait.thread == waits->thread)
            *out = wait;
        found = true;
        if (wait.thread == waits->thread)
            break;
    }
    return found;
}

static bool is_told(const struct waits *waits, const struct page_wait *wait)
{
    const struct page_wait *told = &waits->told;

    return told->active && told->since_ns == wait->since_ns
           && told->started == wait->started && told->arrived == wait->arrived
           && !strcmp(told->call, wait->call)
           && !memcmp(told->ranks, wait->ranks, sizeof(told->ranks));
}

/* As a wait without a call. */
static void tell_line(struct waits *waits, uint64_t place)
{
    struct buf out = { 0 };

    fields_begin(&out);
    fields_add_number(&out, "line", (uint32_t)place);
    fields_add_number(&out, "cell", (int64_t)(place >> 32));
    fields_end(&out);
    waits->told_place = place;
    waits->call(buf_text(&out), waits->arg);
    buf_clear(&out);
}

static void look_at_moving(struct waits *waits)
{
    unsigned step = ++waits->moved % MOVES_LOOKS;
    uint64_t place = atomic_load(&waits->page->place);

    if (step == MOVES_LOOKS - 1) {
        atomic_store(&waits->page->place, 0);
        waits->ask(waits->arg);
    } else if (step == 0 && place && place != waits->told_place) {
        tell_line(waits, place);
    }
}

static void on_look(struct loop *loop, void *arg)
{
    struct waits *waits = arg;
    struct page_wait wait = { 0 };
    uint64_t now = (uint64_t)loop_now_ns(), place;
    char *text;
    bool found;

    if (!(found = find(waits, &wait)))
        look_at_moving(waits);
    else
        waits->moved = 0;
    if (found && now >= wait.since_ns + ASK_NS && waits->asked_ns != wait.since_ns) {
        atomic_store(&waits->page->place, 0); /* of an earlier wait */
        waits->asked_ns = wait.since_ns;
        waits->ask(waits->arg);
    }
    if (!found || now < wait.since_ns + LONG_NS) {
        if (waits->told.active)
            waits->call("", waits->arg);
        waits->told.active = 0;
        if (found)
            waits->told_place = 0;
        return;
    }
    place = atomic_load(&waits->page->place);
    if (is_told(waits, &wait) && waits->told_place == place)
        return;
    waits->told = wait;
    waits->told.active = 1;
    waits->told_place = place;
    text = waits_encode(&wait, waits->thread, place, now);
    waits->call(text, waits->arg);
    free(text);
}

struct waits *waits_create(struct loop *loop, struct page *page, waits_f call,
                           waits_ask_f ask, void *arg)
{
    struct waits *waits = xcalloc(1, sizeof(*waits));

    waits->loop = loop;
    waits->page = page;
    waits->call = call;
    waits->ask = ask;
    waits->arg = arg;
    return waits;
}

void waits_destroy(struct waits *waits)
{
    if (!waits)
        return;
    waits_stop(waits);
    free(waits);
}

void waits_start(struct waits *waits, int thread)
{
    waits->thread = thread;
    waits->told.active = 0;
    waits->told_place = 0;
    waits->moved = 0;
    if (!waits->timer)
        waits->timer = loop_add_timer(waits->loop, LOOK_MS, 1, on_look, waits);
}

void waits_stop(struct waits *waits)
{
    loop_remove(waits->loop, waits->timer);
    waits->timer = NULL;
}
