/* moving.c - small collectives that move data */
#include "bindings/wait/load.h"
#include "bindings/wait/ways.h"

bool put_bcast(const struct load *load)
{
    struct blocks all = { load->call->recv_buf, load->call->send,
                          load->call->send_type };

    return load_has_root(load) && load_has_room(load, 1) && load_is_good(load, &all)
           && (!load_is_root(load) || load_pack(load, &all, 0, 1));
}

int take_bcast(const struct load *load)
{
    struct blocks all = { load->call->recv_buf, load->call->send,
                          load->call->send_type };

    return load_is_root(load) ? MPI_SUCCESS
                              : load_unpack(load, &all, 0, load->call->root, 0);
}

bool put_gather(const struct load *load)
{
    struct blocks from = load_sent(load), to = load_received(load);
    bool in_place = load_is_root(load) && from.buf == MPI_IN_PLACE;

    if (!load_has_root(load) || !load_has_room(load, 1))
        return false;
    if (load_is_root(load)
        && (!load_is_good(load, &to) || load_is_alias(load, from.buf, to.buf)
            || load_is_alias(load, from.buf, load_block(&to, load->comm->rank))))
        return false;
    return in_place || (load_is_good(load, &from) && load_pack(load, &from, 0, 1));
}

/* A block of each member, at 'offset' in its slot; the own is block 'own' of what was
 * sent, or is in place. */
static int take_all(const struct load *load, size_t offset, int own)
{
    struct blocks from = load_sent(load), to = load_received(load);
    int rc = MPI_SUCCESS;

    for (int i = 0; rc == MPI_SUCCESS && i < load->comm->size; i++) {
        if (i != load->comm->rank)
            rc = load_unpack(load, &to, i, i, offset);
        else if (from.buf != MPI_IN_PLACE)
            rc = load_keep(load, &from, own, &to, i, offset);
    }
    return rc;
}

int take_gather(const struct load *load)
{
    return load_is_root(load) ? take_all(load, 0, 0) : MPI_SUCCESS;
}

bool put_scatter(const struct load *load)
{
    struct blocks from = load_sent(load), to = load_received(load);
    int size = load->comm->size;

    if (!load_has_root(load) || !load_has_room(load, size))
        return false;
    if (!(load_is_root(load) && to.buf == MPI_IN_PLACE) && !load_is_good(load, &to))
        return false;
    return !load_is_root(load)
           || (load_is_good(load, &from) && !load_is_alias(load, from.buf, to.buf)
               && !load_is_alias(load, load_block(&from, load->comm->rank), to.buf)
               && load_pack(load, &from, 0, size));
}

int take_scatter(const struct load *load)
{
    struct blocks to = load_received(load);

    if (to.buf == MPI_IN_PLACE)
        return MPI_SUCCESS;
    return load_unpack(load, &to, 0, load->call->root,
                       (size_t)load->comm->rank * load->block);
}

bool put_allgather(const struct load *load)
{
    struct blocks from = load_sent(load), to = load_received(load);

    if (!load_has_room(load, 1) || !load_is_good(load, &to))
        return false;
    if (from.buf == MPI_IN_PLACE)
        return load_pack(load, &to, load->comm->rank, 1);
    return load_is_good(load, &from) && !load_is_alias(load, from.buf, to.buf)
           && !load_is_alias(load, from.buf, load_block(&to, load->comm->rank))
           && load_pack(load, &from, 0, 1);
}

int take_allgather(const struct load *load)
{
    return take_all(load, 0, 0);
}

bool put_alltoall(const struct load *load)
{
    struct blocks from = load_sent(load), to = load_received(load);
    int size = load->comm->size;

    if (!load_has_room(load, size) || !load_is_good(load, &to))
        return false;
    if (from.buf == MPI_IN_PLACE)
        return load_pack(load, &to, 0, size);
    return load_is_good(load, &from) && !load_is_alias(load, from.buf, to.buf)
           && load_pack(load, &from, 0, size);
}

int take_alltoall(const struct load *load)
{
    int rank = load->comm->rank;

    return take_all(load, (size_t)rank * load->block, rank);
}
