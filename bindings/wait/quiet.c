/* quiet.c - the end of a collective that has lost a member */
#include "bindings/wait/quiet.h"

#include <sched.h>
#include <stdatomic.h>

#include "bindings/wait/arena.h"
#include "bindings/wait/comm.h"
#include "bindings/wait/meeting.h"
#include "bindings/wait/wait.h"

/* A look at MPI takes at least one fragment of those that have come. */
#define TURNS 16384u
#define FRAGMENT 4096u
#define YIELD_EVERY 64u
#define LIMIT_NS 5000000000u

static struct arena_member *line_of(const struct comm *comm, int member)
{
    return &comm->place->member[member];
}

static bool is_out(const struct comm *comm, int member)
{
    return (int32_t)(atomic_load(&line_of(comm, member)->out) - comm->calls) >= 0;
}

/* What a member says once it has had its turns. */
static uint64_t still(const struct comm *comm, uint32_t out)
{
    return (uint64_t)comm->calls << 32 | out;
}

static uint32_t count_out(const struct comm *comm)
{
    uint32_t count = 0;

    for (int i = 0; i < comm->size; i++)
        count += is_out(comm, i);
    return count;
}

/* One who finds it so says it for all: they may not wait for whoever has left. */
static bool is_quiet(const struct comm *comm, uint32_t out)
{
    bool all = true;

    for (int i = 0; i < comm->size; i++) {
        const struct arena_member *line = line_of(comm, i);

        if (atomic_load(&line->quiet) == comm->calls)
            return true;
        all = all
              && (is_out(comm, i) || !meeting_is_alive(comm->world[i])
                  || atomic_load(&line->still) == still(comm, out));
    }
    return all;
}

bool quiet_turn(struct quiet *quiet, struct comm *comm, struct wait *wait)
{
    struct arena_member *own = line_of(comm, comm->rank);
    uint32_t out;

    if (!quiet->end)
        quiet->end = wait_now() + LIMIT_NS;
    wait->round = 0; /* no naps: all wait for this member's turns */
    if (++quiet->turns % YIELD_EVERY)
        return false;
    sched_yield();
    if ((out = count_out(comm)) != quiet->out) {
        quiet->out = out;
        quiet->turns = 0;
        return false;
    }
    if (quiet->turns >= TURNS + own->shape.bytes / FRAGMENT)
        atomic_store(&own->still, still(comm, out));
    if (!is_quiet(comm, out) && wait_now() < quiet->end)
        return false;
    atomic_store(&own->quiet, comm->calls);
    return true;
}

void quiet_leave(struct comm *comm)
{
    atomic_store_explicit(&line_of(comm, comm->rank)->out, comm->calls,
                          memory_order_release);
}
