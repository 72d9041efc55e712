/* carry.c - small collectives, whose data comes with the members */
#include "bindings/wait/carry.h"

#include <stdlib.h>
#include <string.h>

#include "bindings/wait/arena.h"
#include "bindings/wait/ways.h"

static const struct {
    bool (*put)(const struct load *load);
    int (*take)(const struct load *load);
    uint64_t most; /* bytes, in pieces; 0: what fits into a slot */
} ways[CALL_COUNT] = {
    [CALL_Bcast] = { put_bcast, take_bcast, 256 << 10 },
    [CALL_Gather] = { put_gather, take_gather },
    [CALL_Scatter] = { put_scatter, take_scatter },
    [CALL_Allgather] = { put_allgather, take_allgather, 256 << 10 },
    [CALL_Alltoall] = { put_alltoall, take_alltoall },
    [CALL_Reduce] = { put_reduce, take_reduce, 1 << 20 },
    [CALL_Allreduce] = { put_allreduce, take_allreduce, 256 << 10 },
    [CALL_Reduce_scatter_block] = { put_reduce_scatter, take_reduce_scatter },
    [CALL_Scan] = { put_scan, take_scan, 1 << 20 },
    [CALL_Exscan] = { put_exscan, take_exscan, 1 << 20 },
};

static bool is_on = true;

void carry_init(void)
{
    const char *value = getenv("RANKBOOK_NODE_COLLECTIVES");

    is_on = !value || strcmp(value, "0") != 0;
}

static bool has_half(const struct call *call)
{
    return call->kind != CALL_Reduce && reduces_by_user(call);
}

/* ---- pieces ---- */

static bool is_cut(const struct call *call, uint64_t bytes)
{
    return bytes > ARENA_SLOT && bytes <= ways[call->kind].most;
}

/* The part from 'offset' on of elements at 'buf'.  False: they have gaps. */
static bool cut(MPI_Datatype type, size_t offset, size_t bytes, const void **buf,
                MPI_Count *count)
{
    const struct basic *basic = basic_of(type);

    if (!basic || basic->size != basic->extent || CARRY_PIECE % basic->size != 0)
        return false;
    if (*buf && *buf != MPI_IN_PLACE)
        *buf = (const char *)*buf + offset;
    *count = (MPI_Count)(bytes / basic->size);
    return true;
}

/* What of 'call' is to be put or taken now; 'piece' has room for it.  False: nothing
 * can be. */
static bool load_call(struct load *load, struct comm *comm, const struct call *call,
                      uint64_t bytes, struct call *piece)
{
    size_t offset = (size_t)call->piece * CARRY_PIECE;
    const void *to = call->recv_buf;
    bool has_other = call->kind == CALL_Allgather;

    *load = (struct load){ comm, call, bytes, basic_of(call->send_type), call->recv };
    if (bytes <= ARENA_SLOT)
        return true;
    load->call = piece;
    load->block = bytes - offset < CARRY_PIECE ? bytes - offset : CARRY_PIECE;
    *piece = *call;
    if (!(has_other && call->send_buf == MPI_IN_PLACE)
        && !cut(call->send_type, offset, load->block, &piece->send_buf, &piece->send))
        return false;
    if (!cut(has_other ? call->recv_type : call->send_type, offset, load->block, &to,
             has_other ? &piece->recv : &piece->send))
        return false;
    piece->recv_buf = (void *)to;
    return true;
}

bool carry_next(const struct call *call, uint64_t bytes, struct call *next)
{
    *next = *call;
    if (bytes > ARENA_SLOT)
        return (uint64_t)++next->piece * CARRY_PIECE < bytes;
    next->spreads = true;
    return !call->spreads && has_half(call);
}

/* ---- putting and taking ---- */

bool carry_put(struct comm *comm, const struct call *call, uint64_t bytes)
{
    struct load load;
    struct call piece;

    if (!is_on || !comm->slots || !ways[call->kind].put)
        return false;
    if (bytes > ARENA_SLOT && (!is_cut(call, bytes) || reduces_by_user(call)))
        return false;
    if (!load_call(&load, comm, call, bytes, &piece))
        return false;
    return call->spreads ? put_result(&load) : ways[call->kind].put(&load);
}

int carry_take(struct comm *comm, const struct call *call, uint64_t bytes)
{
    struct load load;
    struct call piece;

    load_call(&load, comm, call, bytes, &piece);
    if (call->spreads)
        return take_result(&load);
    return has_half(call) ? MPI_SUCCESS : ways[call->kind].take(&load);
}
