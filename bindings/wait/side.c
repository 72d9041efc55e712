/* side.c - MPI calls that wait and have no nonblocking form
 *
 * A thread serves one call after the other and is idle in between.  'word' says whose
 * turn it is, in the form that wait loops sleep on: open while the thread works.
 * Both sides may end the call, and one compare-and-swap decides who did: the thread
 * with DONE, the caller with LEFT.
 */
#include "bindings/wait/side.h"

#include <linux/futex.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bindings/wait/comm.h"
#include "bindings/wait/layer.h"
#include "bindings/wait/reason.h"
#include "bindings/wait/wait.h"
#include "bindings/wait/word.h"
#include "kernel/base/mem.h"

/* States of a thread, where a word has its own: WORD_OPEN is 0. */
#define BUSY ((uint64_t)WORD_OPEN << 12)
#define DONE ((uint64_t)WORD_STARTED << 12)
#define LEFT ((uint64_t)WORD_ABANDONED << 12)

struct side {
    _Atomic uint64_t word;
    _Atomic uint32_t sleepers;
    int (*run)(void *args);
    void *args;
    int rc;
    struct side *next; /* idle */
};

struct block {
    struct block *next; /* copies */
    max_align_t data[];
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct side *idle;
static atomic_bool has_left;

/* ---- arguments ---- */

static struct block *block_create(size_t size)
{
    return xcalloc(1, sizeof(struct block) + size);
}

static struct block *block_of(void *args)
{
    return (struct block *)((char *)args - offsetof(struct block, data));
}

void *side_args(size_t size)
{
    return block_create(size)->data;
}

void *side_copy(void *args, const void *data, size_t size)
{
    struct block *owner = block_of(args), *block;

    if (!data)
        return NULL;
    block = block_create(size);
    memcpy(block->data, data, size);
    block->next = owner->next;
    owner->next = block;
    return block->data;
}

void side_free(void *args)
{
    struct block *block = block_of(args), *next;

    for (; block; block = next) {
        next = block->next;
        free(block);
    }
}

/* ---- threads ---- */

static void become_idle(struct side *side)
{
    pthread_mutex_lock(&lock);
    side->next = idle;
    idle = side;
    pthread_mutex_unlock(&lock);
}

/* Sleeps while nobody has a call for this thread. */
static void wait_for_call(struct side *side)
{
    uint64_t word;

    while ((word = atomic_load(&side->word)) != BUSY)
        syscall(SYS_futex, &side->word, FUTEX_WAIT, (uint32_t)word, NULL, NULL, 0);
}

static void *serve(void *arg)
{
    struct side *side = arg;
    uint64_t busy;

    for (;;) {
        wait_for_call(side);
        side->rc = side->run(side->args);
        busy = BUSY;
        if (atomic_compare_exchange_strong(&side->word, &busy, DONE)) {
            wait_wake(&side->word, &side->sleepers);
            continue;
        }
        side_free(side->args);
        become_idle(side);
    }
    return NULL;
}

/* NULL when there can be no more threads. */
static struct side *side_create(void)
{
    struct side *side = xcalloc(1, sizeof(*side));
    sigset_t all, old;
    pthread_t thread;
    int rc;

    atomic_init(&side->word, DONE);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    rc = pthread_create(&thread, NULL, serve, side);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    if (rc != 0) {
        free(side);
        return NULL;
    }
    pthread_detach(thread);
    return side;
}

/* Threads do not survive a fork: a child begins with none. */
static struct side *side_take(void)
{
    static pid_t owner;
    struct side *side;

    pthread_mutex_lock(&lock);
    if (owner != getpid())
        idle = NULL;
    owner = getpid();
    if ((side = idle))
        idle = side->next;
    pthread_mutex_unlock(&lock);
    return side ? side : side_create();
}

static void side_begin(struct side *side, const struct side_call *call, void *args)
{
    side->run = call->run;
    side->args = args;
    atomic_store(&side->word, BUSY);
    syscall(SYS_futex, &side->word, FUTEX_WAKE, 1, NULL, NULL, 0);
}

/* False when it ended in the same moment. */
static bool side_leave(struct side *side)
{
    uint64_t busy = BUSY;

    return atomic_compare_exchange_strong(&side->word, &busy, LEFT);
}

/* True when it has ended by itself. */
static bool wait_for_end(struct side *side, const struct side_call *call)
{
    bool has_ended = true;
    struct wait wait;

    wait_begin(&wait, call->name, MPI_COMM_NULL, WAIT_NONE, WAIT_NONE);
    wait.begun = call->begun;
    wait.word = &side->word;
    wait.sleepers = &side->sleepers;
    wait.sleeps = true;
    while (has_ended && atomic_load_explicit(&side->word, memory_order_acquire) == BUSY)
        has_ended = !(wait_pause(&wait) || (call->gives_up && call->gives_up()))
                    || !side_leave(side);
    wait_end(&wait);
    return has_ended;
}

static int leave(const struct side_call *call)
{
    const char *why;
    int rc, rank;

    atomic_store(&has_left, true);
    if (call->gives_up)
        return MPI_ERR_OTHER;
    rc = reason_interrupted(call->name);
    if (call->comm && mpiwait_reason(rc, &why, &rank) == MPIWAIT_DEATH)
        comm_close(call->comm, COMM_BROKEN, rank, "%s", why);
    else if (call->comm)
        comm_close(call->comm, COMM_BROKEN, -1, "%s was interrupted", call->name);
    return rc;
}

static bool is_allowed(MPI_Errhandler handler)
{
    bool is_mpis_own = handler == MPI_ERRORS_RETURN || handler == MPI_ERRORS_ARE_FATAL
                       || handler == MPI_ERRORS_ABORT;
    int level = MPI_THREAD_SINGLE;

    PMPI_Query_thread(&level);
    PMPI_Errhandler_free(&handler);
    return is_mpis_own && level == MPI_THREAD_MULTIPLE;
}

bool side_run(const struct side_call *call, void *args, int *rc)
{
    struct side *side = is_allowed(call->handler) ? side_take() : NULL;

    if (!side) {
        *rc = call->run(args);
        return true;
    }
    side_begin(side, call, args);
    if (!wait_for_end(side, call)) {
        *rc = leave(call);
        return false;
    }
    *rc = side->rc;
    become_idle(side);
    return true;
}

bool side_has_left(void)
{
    return atomic_load(&has_left);
}
