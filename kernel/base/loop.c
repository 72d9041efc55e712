/* loop.c - one thread that waits for descriptors, sources, timers and signals
 *
 * A round is: ask the sources, poll until something is ready or the next timer is due,
 * then call what is ready, then what is due.  Sources are asked before each sleep, so
 * an edge that another callback has used up is not missed, and one message a round is
 * enough.  A watch that is removed is dead at once, but stays
 * where it is until the round has ended: the callbacks of that round may hold it.
 */
#include "kernel/base/loop.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "kernel/base/mem.h"

#define NS_PER_MS 1000000

enum watch_kind { WATCH_FD, WATCH_FD_OUT, WATCH_SOURCE, WATCH_TIMER, WATCH_SIGNAL };

struct loop_watch {
    enum watch_kind kind;
    bool dead;
    bool paused;
    struct loop *loop;
    loop_f call;
    loop_signal_f call_signal;
    void *arg;
    int fd; /* of the signal: its number */
    loop_ready_f is_ready;
    void *source;
    bool is_waiting;  /* the source has something, it said when it was asked last */
    int64_t due;      /* ns */
    int64_t interval; /* ns, 0 for a timer that fires once */
    uint64_t born;    /* the round in which a timer was added */
};

struct loop {
    struct loop_watch **watches;
    size_t count;
    size_t capacity;
    struct loop_watch **polled; /* whose items[] these are; NULL: the signals */
    struct pollfd *items;
    nfds_t item_count;
    bool changed; /* items[] is no longer what the watches say */
    bool stopped;
    uint64_t round;
    int signal_fd;
    sigset_t signals;
};

int64_t loop_now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int64_t loop_now(void)
{
    return loop_now_ns() / NS_PER_MS;
}

struct loop *loop_create(void)
{
    struct loop *loop = xcalloc(1, sizeof(*loop));

    loop->signal_fd = -1;
    sigemptyset(&loop->signals);
    return loop;
}

void loop_destroy(struct loop *loop)
{
    size_t i;

    if (!loop)
        return;
    for (i = 0; i < loop->count; i++)
        free(loop->watches[i]);
    if (loop->signal_fd >= 0)
        close(loop->signal_fd);
    free(loop->watches);
    free(loop->polled);
    free(loop->items);
    free(loop);
}

/* ---- watches ---- */

static struct loop_watch *add(struct loop *loop, enum watch_kind kind, loop_f call,
                              void *arg)
{
    struct loop_watch *watch = xcalloc(1, sizeof(*watch));

    watch->kind = kind;
    watch->loop = loop;
    watch->call = call;
    watch->arg = arg;
    watch->fd = -1;
    watch->born = loop->round;
    if (loop->count == loop->capacity) {
        loop->capacity = loop->capacity ? 2 * loop->capacity : 16;
        loop->watches =
            xrealloc(loop->watches, loop->capacity * sizeof(*loop->watches));
    }
    loop->watches[loop->count++] = watch;
    loop->changed = true;
    return watch;
}

struct loop_watch *loop_add_fd(struct loop *loop, int fd, loop_f call, void *arg)
{
    struct loop_watch *watch = add(loop, WATCH_FD, call, arg);

    watch->fd = fd;
    return watch;
}

struct loop_watch *loop_add_fd_out(struct loop *loop, int fd, loop_f call, void *arg)
{
    struct loop_watch *watch = add(loop, WATCH_FD_OUT, call, arg);

    watch->fd = fd;
    return watch;
}

struct loop_watch *loop_add_source(struct loop *loop, int fd, loop_ready_f is_ready,
                                   void *source, loop_f call, void *arg)
{
    struct loop_watch *watch = add(loop, WATCH_SOURCE, call, arg);

    watch->fd = fd;
    watch->is_ready = is_ready;
    watch->source = source;
    return watch;
}

struct loop_watch *loop_add_timer(struct loop *loop, int64_t ms, int repeat,
                                  loop_f call, void *arg)
{
    struct loop_watch *watch;

    assert(ms > 0 || (ms == 0 && !repeat));
    watch = add(loop, WATCH_TIMER, call, arg);
    watch->due = loop_now_ns() + ms * NS_PER_MS;
    watch->interval = repeat ? ms * NS_PER_MS : 0;
    return watch;
}

struct loop_watch *loop_add_signal(struct loop *loop, int signal, loop_signal_f call,
                                   void *arg)
{
    struct sigaction plain = { .sa_handler = SIG_DFL };
    struct loop_watch *watch = add(loop, WATCH_SIGNAL, NULL, arg);

    watch->call_signal = call;
    watch->fd = signal;
    sigaddset(&loop->signals, signal);
    sigprocmask(SIG_BLOCK, &loop->signals, NULL);
    /* a shell starts background jobs with SIGINT ignored, and an ignored signal
     * never becomes readable */
    sigaction(signal, &plain, NULL);
    loop->signal_fd =
        signalfd(loop->signal_fd, &loop->signals, SFD_CLOEXEC | SFD_NONBLOCK);
    assert(loop->signal_fd >= 0);
    return watch;
}

void loop_remove(struct loop *loop, struct loop_watch *watch)
{
    if (!watch)
        return;
    watch->dead = true;
    loop->changed = true;
}

void loop_watch_pause(struct loop_watch *watch, int paused)
{
    assert(watch->kind != WATCH_SIGNAL);
    watch->paused = paused;
    watch->loop->changed = true;
}

static void free_dead(struct loop *loop)
{
    size_t i, kept = 0;

    for (i = 0; i < loop->count; i++) {
        if (loop->watches[i]->dead)
            free(loop->watches[i]);
        else
            loop->watches[kept++] = loop->watches[i];
    }
    loop->count = kept;
}

/* ---- one round ---- */

/* Makes items[] of the watches that can be polled. */
static void prepare(struct loop *loop)
{
    bool signals = false;
    size_t i;

    if (!loop->changed)
        return;
    free_dead(loop);
    loop->items = xrealloc(loop->items, (loop->count + 1) * sizeof(*loop->items));
    loop->polled = xrealloc(loop->polled, (loop->count + 1) * sizeof(*loop->polled));
    loop->item_count = 0;
    for (i = 0; i < loop->count; i++) {
        struct loop_watch *watch = loop->watches[i];

        if (watch->kind == WATCH_SIGNAL) {
            signals = true;
        } else if (watch->kind != WATCH_TIMER && !watch->paused) {
            loop->items[loop->item_count] = (struct pollfd){
                .fd = watch->fd,
                .events = watch->kind == WATCH_FD_OUT ? POLLOUT : POLLIN,
            };
            loop->polled[loop->item_count++] = watch;
        }
    }
    if (signals) {
        loop->items[loop->item_count] =
            (struct pollfd){ .fd = loop->signal_fd, .events = POLLIN };
        loop->polled[loop->item_count++] = NULL;
    }
    loop->changed = false;
}

static bool is_waiting_timer(const struct loop_watch *watch)
{
    return watch->kind == WATCH_TIMER && !watch->dead && !watch->paused;
}

/* Milliseconds until the next timer, -1 for ever; rounded up, so that a round
 * never comes too early and turns over for nothing. */
static int poll_timeout(const struct loop *loop)
{
    int64_t next = INT64_MAX, left;
    size_t i;

    for (i = 0; i < loop->count; i++)
        if (is_waiting_timer(loop->watches[i]) && loop->watches[i]->due < next)
            next = loop->watches[i]->due;
    if (next == INT64_MAX)
        return -1;
    if ((left = next - loop_now_ns()) <= 0)
        return 0;
    left = (left + NS_PER_MS - 1) / NS_PER_MS;
    return left > 3600 * 1000 ? 3600 * 1000 : (int)left;
}

static void call_signals(struct loop *loop)
{
    struct signalfd_siginfo info;
    struct loop_watch *watch;
    size_t i, count;

    while (read(loop->signal_fd, &info, sizeof(info)) == sizeof(info)) {
        count = loop->count;
        for (i = 0; i < count; i++) {
            watch = loop->watches[i];
            if (watch->kind == WATCH_SIGNAL && !watch->dead
                && watch->fd == (int)info.ssi_signo)
                watch->call_signal(loop, watch->fd, watch->arg);
        }
    }
}

/* Returns how many sources have something, -1 when one cannot be asked. */
static int ask_sources(struct loop *loop)
{
    int count = 0, rc;

    for (nfds_t i = 0; i < loop->item_count; i++) {
        struct loop_watch *watch = loop->polled[i];

        if (!watch || watch->kind != WATCH_SOURCE)
            continue;
        if ((rc = watch->is_ready(watch->source)) < 0)
            return -1;
        watch->is_waiting = rc > 0;
        count += watch->is_waiting;
    }
    return count;
}

/* A callback of this round may have taken what a source had; it is asked once more
 * only where its descriptor says so, and its callback can tell. */
static bool has_event(struct loop *loop, nfds_t idx)
{
    struct loop_watch *watch = loop->polled[idx];
    bool is_polled = loop->items[idx].revents != 0;

    if (!watch || watch->kind != WATCH_SOURCE || watch->dead)
        return is_polled;
    return watch->is_waiting || (is_polled && watch->is_ready(watch->source) > 0);
}

static void call_ready(struct loop *loop)
{
    struct loop_watch *watch;

    for (nfds_t i = 0; i < loop->item_count && !loop->stopped; i++) {
        watch = loop->polled[i];
        if (!has_event(loop, i))
            continue;
        if (!watch)
            call_signals(loop);
        else if (!watch->dead && !watch->paused)
            watch->call(loop, watch->arg);
    }
}

/* The earliest timer that is due at 'now'.  Those added in this round wait for the
 * next one, so that a timer that renews itself cannot starve the rest. */
static struct loop_watch *due_timer(struct loop *loop, int64_t now)
{
    struct loop_watch *found = NULL, *watch;
    size_t i;

    for (i = 0; i < loop->count; i++) {
        watch = loop->watches[i];
        if (is_waiting_timer(watch) && watch->due <= now && watch->born < loop->round
            && (!found || watch->due < found->due))
            found = watch;
    }
    return found;
}

static void call_timers(struct loop *loop)
{
    int64_t now = loop_now_ns();
    struct loop_watch *watch;

    while (!loop->stopped && (watch = due_timer(loop, now))) {
        if (watch->interval) {
            watch->due += watch->interval;
            if (watch->due <= now) /* late by more than a turn: do not catch up */
                watch->due = now + watch->interval;
        } else {
            loop_remove(loop, watch);
        }
        watch->call(loop, watch->arg);
    }
}

int loop_run(struct loop *loop)
{
    int waiting;

    while (!loop->stopped) {
        prepare(loop);
        if (!loop->count)
            break;
        if ((waiting = ask_sources(loop)) < 0)
            return -1;
        if (poll(loop->items, loop->item_count, waiting ? 0 : poll_timeout(loop)) < 0) {
            if (errno == EINTR)
                continue;
            return -1;
        }
        loop->round++;
        call_ready(loop);
        call_timers(loop);
    }
    loop->stopped = false;
    return 0;
}

void loop_stop(struct loop *loop)
{
    loop->stopped = true;
}

void loop_child_signals(void)
{
    struct sigaction plain = { .sa_handler = SIG_DFL };
    sigset_t none;
    int i;

    for (i = 1; i < NSIG; i++)
        sigaction(i, &plain, NULL); /* refused for SIGKILL and SIGSTOP */
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}
