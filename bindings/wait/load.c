/* load.c - what one member brings to, and takes from, a small collective */
#include "bindings/wait/load.h"

#include <string.h>

#include "bindings/wait/arena.h"
#include "bindings/wait/basic.h"
#include "bindings/wait/layer.h"

char *load_slots(const struct comm *comm, uint32_t number)
{
    return comm->slots + (number & 1) * (size_t)comm->size * ARENA_SLOT;
}

char *load_slot(const struct load *load, int rank)
{
    return load_slots(load->comm, load->comm->calls) + (size_t)rank * ARENA_SLOT;
}

struct blocks load_sent(const struct load *load)
{
    const struct call *call = load->call;

    return (struct blocks){ call->send_buf, call->send, call->send_type, call->send };
}

struct blocks load_received(const struct load *load)
{
    const struct call *call = load->call;

    return (struct blocks){ call->recv_buf, call->recv, call->recv_type, load->stride };
}

void *load_block(const struct blocks *blocks, int idx)
{
    const struct basic *basic = basic_of(blocks->type);
    MPI_Aint low, extent;

    if (basic)
        extent = (MPI_Aint)basic->extent;
    else
        PMPI_Type_get_extent(blocks->type, &low, &extent);
    return (char *)blocks->buf + (MPI_Aint)idx * (MPI_Aint)blocks->stride * extent;
}

static bool is_plain(const struct blocks *blocks)
{
    const struct basic *basic = basic_of(blocks->type);

    return basic && basic->size == basic->extent;
}

bool load_pack(const struct load *load, const struct blocks *blocks, int first,
               int number)
{
    char *slot = load_slot(load, load->comm->rank);
    size_t bytes = (size_t)number * load->block;
    MPI_Count at = 0;

    if (bytes == 0)
        return true;
    if (is_plain(blocks)) {
        memcpy(slot, load_block(blocks, first), bytes);
        return true;
    }
    return PMPI_Pack_c(load_block(blocks, first), number * blocks->count, blocks->type,
                       slot, ARENA_SLOT, &at, layer.kernel)
               == MPI_SUCCESS
           && (size_t)at == bytes;
}

int load_unpack(const struct load *load, const struct blocks *blocks, int idx,
                int member, size_t offset)
{
    const char *slot = load_slot(load, member) + offset;
    MPI_Count at = 0;

    if (load->block == 0)
        return MPI_SUCCESS;
    if (is_plain(blocks)) {
        memcpy(load_block(blocks, idx), slot, load->block);
        return MPI_SUCCESS;
    }
    return PMPI_Unpack_c(slot, (MPI_Count)load->block, &at, load_block(blocks, idx),
                         blocks->count, blocks->type, layer.kernel);
}

int load_keep(const struct load *load, const struct blocks *from, int own,
              const struct blocks *to, int idx, size_t offset)
{
    if (load->block == 0 || !is_plain(from) || !is_plain(to))
        return load_unpack(load, to, idx, load->comm->rank, offset);
    memcpy(load_block(to, idx), load_block(from, own), load->block);
    return MPI_SUCCESS;
}

/* MPI says what is wrong with a
 * type that is not its own; what it does not refuse packed by itself, it can pack. */
bool load_is_good(const struct load *load, const struct blocks *blocks)
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
           && PMPI_Pack_c(&none, 0, blocks->type, &none, 1, &at, layer.kernel)
                  == MPI_SUCCESS;
}

bool load_has_root(const struct load *load)
{
    return load->call->root >= 0 && load->call->root < load->comm->size;
}

bool load_has_room(const struct load *load, int blocks)
{
    return load->block <= ARENA_SLOT / (size_t)blocks;
}

bool load_is_alias(const struct load *load, const void *a, const void *b)
{
    return a == b && load->block > 0;
}
