/* carry.c - small collectives, whose data comes with the members */
#include "bindings/wait/carry.h"

#include <stdlib.h>
#include <string.h>

#include "bindings/wait/arena.h"
#include "bindings/wait/ways.h"

static const struct {
    bool (*put)(const struct load *load);
    int (*take)(const struct load *load);
} ways[CALL_COUNT] = {
    [CALL_Bcast] = { put_bcast, take_bcast },
    [CALL_Gather] = { put_gather, take_gather },
    [CALL_Scatter] = { put_scatter, take_scatter },
    [CALL_Allgather] = { put_allgather, take_allgather },
    [CALL_Alltoall] = { put_alltoall, take_alltoall },
    [CALL_Reduce] = { put_reduce, take_reduce },
    [CALL_Allreduce] = { put_allreduce, take_allreduce },
    [CALL_Reduce_scatter_block] = { put_reduce_scatter, take_reduce_scatter },
    [CALL_Scan] = { put_scan, take_scan },
    [CALL_Exscan] = { put_exscan, take_exscan },
};

static bool is_on = true;

void carry_init(void)
{
    const char *value = getenv("RANKBOOK_NODE_COLLECTIVES");

    is_on = !value || strcmp(value, "0") != 0;
}

bool carry_has_half(const struct call *call)
{
    return call->kind != CALL_Reduce && reduces_by_user(call);
}

bool carry_put(struct comm *comm, const struct call *call, uint64_t bytes)
{
    const struct load load = { comm, call, bytes, basic_of(call->send_type) };

    if (!is_on || !comm->slots || bytes > ARENA_SLOT || !ways[call->kind].put)
        return false;
    return call->spreads ? put_result(&load) : ways[call->kind].put(&load);
}

int carry_take(struct comm *comm, const struct call *call, uint64_t bytes)
{
    const struct load load = { comm, call, bytes, basic_of(call->send_type) };

    if (call->spreads)
        return take_result(&load);
    return carry_has_half(call) ? MPI_SUCCESS : ways[call->kind].take(&load);
}
