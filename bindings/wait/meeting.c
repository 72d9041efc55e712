/* meeting.c - where the living meet without MPI, and who they are */
#include "bindings/wait/meeting.h"

#include <stdint.h>

#include "bindings/wait/arena.h"
#include "bindings/wait/layer.h"
#include "bindings/wait/reason.h"
#include "bindings/wait/wait.h"

#define LIMIT_NS 5000000000u /* for the others to come */

static uint32_t meetings;

bool meeting_is_alive(int rank)
{
    return rank == layer.rank || arena_is_alive(layer.arena, rank);
}

/* The first living rank that has not come yet, or -1. */
static int find_late(void)
{
    for (int rank = 0; rank < layer.size; rank++) {
        if (!arena_has_come(layer.arena, rank, meetings) && meeting_is_alive(rank))
            return rank;
    }
    return -1;
}

int meeting_hold(void)
{
    uint64_t end = wait_now() + LIMIT_NS;
    struct wait wait;
    int late;

    if (!layer.arena)
        return MPI_SUCCESS;
    arena_come(layer.arena, layer.rank, ++meetings);
    wait_begin(&wait, "heal", layer.kernel, WAIT_NONE, WAIT_NONE);
    wait.deaf = true;
    while ((late = find_late()) >= 0 && wait_now() < end) {
        mpiwait_progress();
        wait_pause(&wait);
    }
    wait_end(&wait);
    return late < 0 ? MPI_SUCCESS
                    : reason_set(MPIWAIT_CLOSED, late,
                                 "rank %d did not come to be healed", late);
}
