/* reducing.c - small collectives that reduce data */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bindings/wait/arena.h"
#include "bindings/wait/basic.h"
#include "bindings/wait/layer.h"
#include "bindings/wait/load.h"
#include "bindings/wait/operate.h"
#include "bindings/wait/reason.h"
#include "bindings/wait/ways.h"
#include "bindings/wait/world.h"
#include "kernel/base/mem.h"

/* ---- reducing by MPI's operations ----
 *
 * Elements lie in the slots as they do in arrays, with their gaps. */

bool reduces_by_user(const struct call *call)
{
    return call_op(call->op) == CALL_OP_USER;
}

static size_t vector_bytes(const struct load *load)
{
    return (size_t)load->call->send * load->basic->extent;
}

static bool put_array(const struct load *load, const void *from, int blocks)
{
    size_t bytes;

    if (!load->basic || !basic_has_op(load->basic, call_op(load->call->op)))
        return false;
    if ((bytes = (size_t)blocks * vector_bytes(load)) > ARENA_SLOT)
        return false;
    if (bytes > 0)
        memcpy(load_slot(load, load->comm->rank), from, bytes);
    return true;
}

/* What a member has brought.  The own is nearer where it came from. */
static const char *vectors_of(const struct load *load, int member)
{
    const void *own = load->call->send_buf;

    return member == load->comm->rank && own != MPI_IN_PLACE ? own
                                                             : load_slot(load, member);
}

/* Block 'idx' of the members before 'end', into the result. */
static int reduce(const struct load *load, int idx, int end)
{
    const struct call *call = load->call;
    size_t bytes = vector_bytes(load), offset = (size_t)idx * bytes;
    uint8_t op = call_op(call->op);
    bool is_ours = op < BASIC_LOOPS && call->send <= NUMBERS_FEW;
    numbers_f *loop = is_ours ? load->basic->loops[op] : NULL;
    int rc = MPI_SUCCESS;

    if (bytes == 0)
        return MPI_SUCCESS;
    memcpy(call->recv_buf, vectors_of(load, 0) + offset, bytes);
    for (int i = 1; rc == MPI_SUCCESS && i < end; i++) {
        if (loop)
            loop(vectors_of(load, i) + offset, call->recv_buf, (size_t)call->send);
        else
            rc = PMPI_Reduce_local_c(vectors_of(load, i) + offset, call->recv_buf,
                                     call->send, call->send_type, call->op);
    }
    return rc;
}

/* ---- reducing by a user's operation: vectors are packed ---- */

/* At the begin of the slot that brings the result. */
struct verdict {
    int rc;
    char why[252];
};

static bool has_prefixes(const struct call *call)
{
    return call->kind == CALL_Scan || call->kind == CALL_Exscan;
}

/* The result has to fit as well. */
static bool put_packed(const struct load *load, const struct blocks *from, int blocks)
{
    int most = has_prefixes(load->call) ? load->comm->size : blocks;

    return (size_t)most * load->block + sizeof(struct verdict) <= ARENA_SLOT
           && load_pack(load, from, 0, blocks);
}

/* The vectors of the call before the 'back'-th of 'load'. */
static int operate_all(const struct load *load, unsigned back, char *results,
                       const char **why)
{
    const struct comm *comm = load->comm;
    const struct call *call = load->call;
    int blocks = call->kind == CALL_Reduce_scatter_block ? comm->size : 1;
    const struct operation operation = {
        .op = call->op,
        .comm = layer.kernel,
        .count = blocks * call->send,
        .type = call->send_type,
        .vectors = load_slots(comm, comm->calls - back),
        .stride = ARENA_SLOT,
        .bytes = (size_t)blocks * load->block,
        .members = comm->size,
    };

    *why = "";
    return load->block == 0 ? MPI_SUCCESS
                            : operate(&operation, results, has_prefixes(call), why);
}

/* The result is packed when all slots have been read: into the own one. */
static int take_operated(const struct load *load)
{
    struct blocks to = { load->call->recv_buf, load->call->send,
                         load->call->send_type };
    int rank = load->comm->rank;
    const char *why;
    int rc = operate_all(load, 0, load_slot(load, rank), &why);

    return rc == MPI_SUCCESS ? load_unpack(load, &to, 0, rank, 0) : rc;
}

bool put_result(const struct load *load)
{
    struct verdict *verdict = (void *)load_slot(load, 0);
    const char *why;

    if (load->comm->rank == 0) {
        verdict->rc = operate_all(load, 1, (char *)(verdict + 1), &why);
        snprintf(verdict->why, sizeof(verdict->why), "%s", why);
    }
    return true;
}

/* Which block of the result is this member's; -1: none. */
static int part_of(const struct load *load)
{
    switch (load->call->kind) {
    case CALL_Exscan:
        return load->comm->rank - 1;
    case CALL_Scan:
    case CALL_Reduce_scatter_block:
        return load->comm->rank;
    default:
        return 0;
    }
}

int take_result(const struct load *load)
{
    const struct verdict *verdict = (void *)load_slot(load, 0);
    struct blocks to = { load->call->recv_buf, load->call->send,
                         load->call->send_type };
    int part = part_of(load), first;

    if (verdict->rc != MPI_SUCCESS && load->comm->rank == 0)
        return verdict->rc;
    if (verdict->rc != MPI_SUCCESS) {
        first = world_number(load->comm->world[0]);
        return reason_set(MPIWAIT_PEER, first,
                          "the operation of %s failed on rank %d%s%s",
                          call_name(load->call->kind), first,
                          verdict->why[0] ? ": " : "", verdict->why);
    }
    return part < 0 ? MPI_SUCCESS
                    : load_unpack(load, &to, 0, 0,
                                  sizeof(*verdict) + (size_t)part * load->block);
}

/* ---- reducing ---- */

/* 'blocks' vectors of each member, to be reduced one by one. */
static bool put_vectors(const struct load *load, int blocks, bool wants_result)
{
    const struct call *call = load->call;
    bool in_place = wants_result && call->send_buf == MPI_IN_PLACE;
    struct blocks from = { in_place ? call->recv_buf : call->send_buf, call->send,
                           call->send_type };

    if (!load_has_room(load, blocks) || !load_is_good(load, &from)
        || call->op == MPI_OP_NULL)
        return false;
    if (wants_result && load->block > 0
        && (!call->recv_buf || call->recv_buf == call->send_buf))
        return false;
    return reduces_by_user(call) ? put_packed(load, &from, blocks)
                                 : put_array(load, from.buf, blocks);
}

bool put_reduce(const struct load *load)
{
    return load_has_root(load) && put_vectors(load, 1, load_is_root(load));
}

int take_reduce(const struct load *load)
{
    if (!load_is_root(load))
        return MPI_SUCCESS;
    return reduces_by_user(load->call) ? take_operated(load)
                                       : reduce(load, 0, load->comm->size);
}

bool put_allreduce(const struct load *load)
{
    return put_vectors(load, 1, true);
}

int take_allreduce(const struct load *load)
{
    return reduce(load, 0, load->comm->size);
}

bool put_scan(const struct load *load)
{
    return put_vectors(load, 1, true);
}

int take_scan(const struct load *load)
{
    return reduce(load, 0, load->comm->rank + 1);
}

bool put_exscan(const struct load *load)
{
    return put_vectors(load, 1, true);
}

int take_exscan(const struct load *load)
{
    return load->comm->rank > 0 ? reduce(load, 0, load->comm->rank) : MPI_SUCCESS;
}

bool put_reduce_scatter(const struct load *load)
{
    return put_vectors(load, load->comm->size, true);
}

int take_reduce_scatter(const struct load *load)
{
    return reduce(load, load->comm->rank, load->comm->size);
}
