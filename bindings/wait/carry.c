/* carry.c - small collectives, whose data comes with the members */
#include "bindings/wait/carry.h"

#include <stdlib.h>
#include <string.h>

#include "bindings/wait/arena.h"
#include "bindings/wait/basic.h"

/* A call, as this member sees it.  'block' is what the call's size is of: all of a
 * broadcast, what one member gives to or gets from one other, a vector to reduce. */
struct load {
    const struct comm *comm;
    const struct call *call;
    size_t block; /* bytes */
};

/* Blocks in a user's buffer. */
struct blocks {
    const void *buf;
    MPI_Count count; /* elements of a block */
    MPI_Datatype type;
};

static bool is_on = true;

void carry_init(void)
{
    const char *value = getenv("RANKBOOK_NODE_COLLECTIVES");

    is_on = !value || strcmp(value, "0") != 0;
}

static char *slot_of(const struct load *load, int rank)
{
    const struct comm *comm = load->comm;
    size_t turn = comm->calls & 1;

    return comm->slots + (turn * (size_t)comm->size + (size_t)rank) * ARENA_SLOT;
}

static bool is_root(const struct load *load)
{
    return load->comm->rank == load->call->root;
}

static struct blocks sent(const struct call *call)
{
    return (struct blocks){ call->send_buf, call->send, call->send_type };
}

static struct blocks received(const struct call *call)
{
    return (struct blocks){ call->recv_buf, call->recv, call->recv_type };
}

/* ---- between a user's memory and a slot ---- */

/* Where block 'idx' begins. */
static void *block_at(const struct blocks *blocks, int idx)
{
    const struct basic *basic = basic_of(blocks->type);
    MPI_Aint low, extent;

    if (basic)
        extent = (MPI_Aint)basic->extent;
    else
        PMPI_Type_get_extent(blocks->type, &low, &extent);
    return (char *)blocks->buf + (MPI_Aint)idx * (MPI_Aint)blocks->count * extent;
}

static bool is_plain(const struct blocks *blocks)
{
    const struct basic *basic = basic_of(blocks->type);

    return basic && basic->size == basic->extent;
}

/* Packs 'number' blocks from the first-th on. */
static bool pack(const struct load *load, const struct blocks *blocks, int first,
                 int number)
{
    char *slot = slot_of(load, load->comm->rank);
    size_t bytes = (size_t)number * load->block;
    MPI_Count at = 0;

    if (bytes == 0)
        return true;
    if (is_plain(blocks)) {
        memcpy(slot, block_at(blocks, first), bytes);
        return true;
    }
    return PMPI_Pack_c(block_at(blocks, first), number * blocks->count, blocks->type,
                       slot, ARENA_SLOT, &at, load->comm->handle)
               == MPI_SUCCESS
           && (size_t)at == bytes;
}

/* Into one block, from 'offset' on in a member's slot. */
static int unpack(const struct load *load, const struct blocks *blocks, int idx,
                  int member, size_t offset)
{
    const char *slot = slot_of(load, member) + offset;
    MPI_Count at = 0;

    if (load->block == 0)
        return MPI_SUCCESS;
    if (is_plain(blocks)) {
        memcpy(block_at(blocks, idx), slot, load->block);
        return MPI_SUCCESS;
    }
    return PMPI_Unpack_c(slot, (MPI_Count)load->block, &at, block_at(blocks, idx),
                         blocks->count, blocks->type, load->comm->handle);
}

/* ---- what MPI would refuse, or must look at ---- */

/* A block of a user's, of the size that the call has.  MPI says what is wrong with a
 * type that is not its own; what it does not refuse packed by itself, it can pack. */
static bool is_good(const struct load *load, const struct blocks *blocks)
{
    const struct basic *basic = basic_of(blocks->type);
    MPI_Count size, at = 0;
    char none;

    if (blocks->count < 0)
        return false;
    if (basic)
        return (size_t)blocks->count * basic->size == load->block
               && (blocks->buf || load->block == 0) && blocks->buf != MPI_IN_PLACE;
    return blocks->type != MPI_DATATYPE_NULL && blocks->buf != MPI_IN_PLACE
           && PMPI_Type_size_c(blocks->type, &size) == MPI_SUCCESS
           && (size_t)(blocks->count * size) == load->block
           && PMPI_Pack_c(&none, 0, blocks->type, &none, 1, &at, load->comm->handle)
                  == MPI_SUCCESS;
}

static bool has_root(const struct load *load)
{
    return load->call->root >= 0 && load->call->root < load->comm->size;
}

static bool has_room(const struct load *load, int blocks)
{
    return load->block <= ARENA_SLOT / (size_t)blocks;
}

static bool is_in_place(const void *buf)
{
    return buf == MPI_IN_PLACE;
}

/* Buffers that begin at the same place: MPI refuses them in most calls. */
static bool is_alias(const struct load *load, const void *a, const void *b)
{
    return a == b && load->block > 0;
}

/* ---- moving ---- */

static bool put_bcast(const struct load *load)
{
    struct blocks all = { load->call->recv_buf, load->call->send,
                          load->call->send_type };

    return has_root(load) && has_room(load, 1) && is_good(load, &all)
           && (!is_root(load) || pack(load, &all, 0, 1));
}

static int take_bcast(const struct load *load)
{
    struct blocks all = { load->call->recv_buf, load->call->send,
                          load->call->send_type };

    return is_root(load) ? MPI_SUCCESS : unpack(load, &all, 0, load->call->root, 0);
}

static bool put_gather(const struct load *load)
{
    struct blocks from = sent(load->call), to = received(load->call);
    bool in_place = is_root(load) && is_in_place(from.buf);

    if (!has_root(load) || !has_room(load, 1))
        return false;
    if (is_root(load)
        && (!is_good(load, &to) || is_alias(load, from.buf, to.buf)
            || is_alias(load, from.buf, block_at(&to, load->comm->rank))))
        return false;
    return in_place || (is_good(load, &from) && pack(load, &from, 0, 1));
}

static int take_all(const struct load *load, const struct blocks *to, bool but_own,
                    size_t offset)
{
    int rc = MPI_SUCCESS;

    for (int i = 0; rc == MPI_SUCCESS && i < load->comm->size; i++) {
        if (!but_own || i != load->comm->rank)
            rc = unpack(load, to, i, i, offset);
    }
    return rc;
}

static int take_gather(const struct load *load)
{
    struct blocks to = received(load->call);

    return is_root(load) ? take_all(load, &to, is_in_place(load->call->send_buf), 0)
                         : MPI_SUCCESS;
}

static bool put_scatter(const struct load *load)
{
    struct blocks from = sent(load->call), to = received(load->call);
    int size = load->comm->size;

    if (!has_root(load) || !has_room(load, size))
        return false;
    if (!(is_root(load) && is_in_place(to.buf)) && !is_good(load, &to))
        return false;
    return !is_root(load)
           || (is_good(load, &from) && !is_alias(load, from.buf, to.buf)
               && !is_alias(load, block_at(&from, load->comm->rank), to.buf)
               && pack(load, &from, 0, size));
}

static int take_scatter(const struct load *load)
{
    struct blocks to = received(load->call);

    if (is_in_place(to.buf))
        return MPI_SUCCESS;
    return unpack(load, &to, 0, load->call->root,
                  (size_t)load->comm->rank * load->block);
}

static bool put_allgather(const struct load *load)
{
    struct blocks from = sent(load->call), to = received(load->call);

    if (!has_room(load, 1) || !is_good(load, &to))
        return false;
    if (is_in_place(from.buf))
        return pack(load, &to, load->comm->rank, 1);
    return is_good(load, &from) && !is_alias(load, from.buf, to.buf)
           && !is_alias(load, from.buf, block_at(&to, load->comm->rank))
           && pack(load, &from, 0, 1);
}

static int take_allgather(const struct load *load)
{
    struct blocks to = received(load->call);

    return take_all(load, &to, is_in_place(load->call->send_buf), 0);
}

static bool put_alltoall(const struct load *load)
{
    struct blocks from = sent(load->call), to = received(load->call);
    int size = load->comm->size;

    if (!has_room(load, size) || !is_good(load, &to))
        return false;
    if (is_in_place(from.buf))
        return pack(load, &to, 0, size);
    return is_good(load, &from) && !is_alias(load, from.buf, to.buf)
           && pack(load, &from, 0, size);
}

static int take_alltoall(const struct load *load)
{
    struct blocks to = received(load->call);

    return take_all(load, &to, false, (size_t)load->comm->rank * load->block);
}

/* ---- reducing: elements lie in the slots as they do in arrays, with their gaps ----
 */

static size_t vector_bytes(const struct load *load)
{
    return (size_t)load->call->send * basic_of(load->call->send_type)->extent;
}

/* 'blocks' vectors of each member, to be reduced one by one. */
static bool put_vectors(const struct load *load, int blocks, bool wants_result)
{
    const struct call *call = load->call;
    const struct basic *basic = basic_of(call->send_type);
    bool in_place = wants_result && is_in_place(call->send_buf);
    const void *from = in_place ? call->recv_buf : call->send_buf;
    size_t bytes;

    if (!basic || !basic_has_op(basic, call_op(call->op)) || call->send < 0)
        return false;
    bytes = (size_t)blocks * vector_bytes(load);
    if (!has_room(load, blocks) || bytes > ARENA_SLOT)
        return false;
    if (bytes == 0)
        return true;
    if (!from || is_in_place(from) || (wants_result && !call->recv_buf)
        || (wants_result && call->recv_buf == call->send_buf))
        return false;
    memcpy(slot_of(load, load->comm->rank), from, bytes);
    return true;
}

/* Block 'idx' of the members before 'end', into the result. */
static int reduce(const struct load *load, int idx, int end)
{
    const struct call *call = load->call;
    size_t bytes = vector_bytes(load), offset = (size_t)idx * bytes;
    int rc = MPI_SUCCESS;

    if (bytes == 0)
        return MPI_SUCCESS;
    memcpy(call->recv_buf, slot_of(load, 0) + offset, bytes);
    for (int i = 1; rc == MPI_SUCCESS && i < end; i++)
        rc = PMPI_Reduce_local_c(slot_of(load, i) + offset, call->recv_buf, call->send,
                                 call->send_type, call->op);
    return rc;
}

static bool put_reduce(const struct load *load)
{
    return has_root(load) && put_vectors(load, 1, is_root(load));
}

static int take_reduce(const struct load *load)
{
    return is_root(load) ? reduce(load, 0, load->comm->size) : MPI_SUCCESS;
}

static bool put_vector(const struct load *load)
{
    return put_vectors(load, 1, true);
}

static int take_allreduce(const struct load *load)
{
    return reduce(load, 0, load->comm->size);
}

static int take_scan(const struct load *load)
{
    return reduce(load, 0, load->comm->rank + 1);
}

static int take_exscan(const struct load *load)
{
    return load->comm->rank > 0 ? reduce(load, 0, load->comm->rank) : MPI_SUCCESS;
}

static bool put_reduce_scatter(const struct load *load)
{
    return put_vectors(load, load->comm->size, true);
}

static int take_reduce_scatter(const struct load *load)
{
    return reduce(load, load->comm->rank, load->comm->size);
}

/* ---- all of them ---- */

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
    [CALL_Allreduce] = { put_vector, take_allreduce },
    [CALL_Reduce_scatter_block] = { put_reduce_scatter, take_reduce_scatter },
    [CALL_Scan] = { put_vector, take_scan },
    [CALL_Exscan] = { put_vector, take_exscan },
};

bool carry_put(struct comm *comm, const struct call *call, uint64_t bytes)
{
    const struct load load = { comm, call, bytes };

    return is_on && comm->slots && bytes <= ARENA_SLOT && ways[call->kind].put
           && ways[call->kind].put(&load);
}

int carry_take(struct comm *comm, const struct call *call, uint64_t bytes)
{
    const struct load load = { comm, call, bytes };

    return ways[call->kind].take(&load);
}
