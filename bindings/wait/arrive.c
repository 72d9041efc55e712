/* arrive.c - the members of a collective meet before it begins */
#include "bindings/wait/arrive.h"

#include <sched.h>
#include <stdlib.h>

#include "bindings/wait/arena.h"
#include "bindings/wait/carry.h"
#include "bindings/wait/interrupt.h"
#include "bindings/wait/reason.h"
#include "bindings/wait/wait.h"
#include "bindings/wait/world.h"
#include "kernel/base/buf.h"
#include "kernel/base/mem.h"

#define GRACE_NS 100000000u    /* for others to come to the same end */
#define RESOLVE_NS 1000000000u /* for others to have entered MPI: they are on it */

static _Atomic uint64_t *own_word(const struct comm *comm)
{
    return &comm->place->words[comm->calls % WORD_RING];
}

static struct arena_member *own_line(const struct comm *comm)
{
    return &comm->place->member[comm->rank];
}

static void wake(const struct comm *comm, _Atomic uint64_t *word)
{
    wait_wake(word, &comm->place->sleepers);
}

static bool have_all_come(const struct comm *comm)
{
    for (int i = 0; i < comm->size; i++) {
        if (atomic_load(&comm->place->member[i].came) != comm->calls)
            return false;
    }
    return true;
}

/* Every member tells the same, so it waits a moment for the late ones. */
static int mismatch(struct comm *comm)
{
    uint64_t end = wait_now() + GRACE_NS;
    struct call_shape *shapes = xcalloc((size_t)comm->size, sizeof(*shapes));
    bool *came = xcalloc((size_t)comm->size, sizeof(*came));
    int *numbers = comm_numbers(comm), rc;
    struct buf text = { 0 };

    while (!have_all_come(comm) && wait_now() < end)
        sched_yield();
    for (int i = 0; i < comm->size; i++) {
        came[i] = atomic_load(&comm->place->member[i].came) == comm->calls;
        shapes[i] = comm->place->member[i].shape;
    }
    call_compare(&text, shapes, came, numbers, comm->size);
    rc = reason_set(MPIWAIT_MISMATCH, -1, "%s", buf_text(&text));
    comm_close(comm, COMM_CLOSED, -1, "%s", buf_text(&text));
    buf_clear(&text);
    free(numbers);
    free(shapes);
    free(came);
    return rc;
}

static const char *const leavings[] = {
    [MPIWAIT_STOP] = "interrupted",
    [MPIWAIT_PEER] = "another rank failed",
    [MPIWAIT_DEATH] = "another rank died",
};

static void close_abandoned(struct comm *comm)
{
    int rank = word_number(atomic_load(own_word(comm)));
    const struct arena_member *line = &comm->place->member[rank];

    int number = world_number(comm->world[rank]);

    comm_close(comm, COMM_CLOSED, number, "rank %d left %s #%u (%s)", number,
               call_name(line->shape.kind), (unsigned)comm->calls,
               leavings[atomic_load(&line->reason)]);
}

/* A member gave up.  Stop goes to all ranks, one after the other: a moment is left
 * for this rank's own interrupt, which says more than "rank 1 left". */
static int abandoned(struct comm *comm, const struct call *call)
{
    uint64_t end = wait_now() + GRACE_NS;

    close_abandoned(comm);
    while (!interrupt_is_due() && interrupt_page() && wait_now() < end)
        sched_yield();
    if (interrupt_is_due())
        return reason_interrupted(call_name(call->kind));
    return reason_set(MPIWAIT_CLOSED, comm->culprit, "%s", comm->cause);
}

bool arrive_is_stuck(const struct comm *comm)
{
    return word_state(atomic_load_explicit(own_word(comm), memory_order_relaxed))
           == WORD_FAILED;
}

int arrive_stuck(struct comm *comm, const struct call *call)
{
    int rank = world_number(comm->world[word_number(atomic_load(own_word(comm)))]);

    comm_close(comm, COMM_BROKEN, rank, "rank %d failed inside %s #%u", rank,
               call_name(call->kind), (unsigned)comm->calls);
    return reason_set(MPIWAIT_FAILED, rank, "%s", comm->cause);
}

/* The member's own interrupt, unless the call began in the same moment. */
static enum word_state give_up(struct comm *comm, const struct call *call, int *rc)
{
    _Atomic uint64_t *word = own_word(comm);
    enum word_state state;

    atomic_store(&own_line(comm)->reason, (uint32_t)reason_due());
    if ((state = word_leave(word, comm->calls, comm->rank)) != WORD_ABANDONED)
        return state;
    wake(comm, word);
    close_abandoned(comm);
    *rc = reason_interrupted(call_name(call->kind));
    return WORD_ABANDONED;
}

static enum word_state wait_for_all(struct comm *comm, const struct call *call, int *rc)
{
    _Atomic uint64_t *word = own_word(comm);
    enum word_state state;
    struct wait wait;

    wait_begin(&wait, call_name(call->kind), comm->handle, WAIT_NONE, WAIT_NONE);
    wait.arriving = comm;
    wait.word = word;
    wait.sleepers = &comm->place->sleepers;
    while ((state = word_state(atomic_load_explicit(word, memory_order_acquire)))
           == WORD_OPEN) {
        if (wait_pause(&wait) && (state = give_up(comm, call, rc)) != WORD_OPEN)
            break;
    }
    wait_end(&wait);
    return state;
}

int arrive(struct comm *comm, const struct call *call)
{
    struct arena_member *line = own_line(comm);
    enum word_state state;
    int rc = MPI_SUCCESS;
    bool carries;

    if (comm->health != COMM_OPEN)
        return comm_refuse(comm, call_name(call->kind));
    comm->calls++;
    call_describe(call, comm->rank, comm->nonblocking, &line->shape);
    atomic_store_explicit(&line->came, comm->calls, memory_order_release);
    carries = carry_put(comm, call, line->shape.bytes);
    state = word_arrive(own_word(comm), comm->calls, call_digest(&line->shape),
                        comm->size, !carries);
    if (state == WORD_OPEN)
        state = wait_for_all(comm, call, &rc);
    else if (state != WORD_FAILED)
        wake(comm, own_word(comm));
    if (rc != MPI_SUCCESS || state == WORD_STARTED)
        return rc;
    return state == WORD_MISMATCH    ? mismatch(comm)
           : state == WORD_ABANDONED ? abandoned(comm, call)
                                     : arrive_stuck(comm, call);
}

bool arrive_carried(const struct comm *comm)
{
    return !word_is_bare(atomic_load_explicit(own_word(comm), memory_order_relaxed));
}

int arrive_take(struct comm *comm, const struct call *call)
{
    return carry_take(comm, call, own_line(comm)->shape.bytes);
}

bool arrive_next(const struct comm *comm, const struct call *call, struct call *next)
{
    return carry_next(call, own_line(comm)->shape.bytes, next);
}

void arrive_begun(struct comm *comm)
{
    atomic_store_explicit(&own_line(comm)->begun, comm->calls, memory_order_release);
}

enum outcome { ALL_REFUSED, SOME_BEGAN, UNKNOWN };

static enum outcome outcome_of_all(const struct comm *comm)
{
    enum outcome outcome = ALL_REFUSED;

    for (int i = 0; i < comm->size; i++) {
        const struct arena_member *line = &comm->place->member[i];

        if ((int32_t)(atomic_load(&line->begun) - comm->calls) >= 0)
            return SOME_BEGAN;
        if (atomic_load(&line->failed) != comm->calls)
            outcome = UNKNOWN;
    }
    return outcome;
}

void arrive_failed(struct comm *comm, const struct call *call)
{
    uint64_t end = wait_now() + RESOLVE_NS;
    int rank = world_number(comm->world[comm->rank]);
    enum outcome outcome;

    atomic_store(&own_line(comm)->failed, comm->calls);
    while ((outcome = outcome_of_all(comm)) == UNKNOWN && wait_now() < end)
        sched_yield();
    if (outcome == ALL_REFUSED)
        return;
    /* Members that are through with this call already wait in the next one. */
    for (uint32_t i = 0; i < 2; i++) {
        _Atomic uint64_t *word = &comm->place->words[(comm->calls + i) % WORD_RING];

        word_fail(word, comm->calls + i, comm->rank);
        wake(comm, word);
    }
    comm_close(comm, COMM_BROKEN, rank, "rank %d failed inside %s #%u", rank,
               call_name(call->kind), (unsigned)comm->calls);
}
