/* rendezvous.c - the members of a group meet that has no communicator yet */
#include "bindings/wait/rendezvous.h"

#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>

#include "bindings/wait/arena.h"
#include "bindings/wait/call.h"
#include "bindings/wait/collective.h"
#include "bindings/wait/comm.h"
#include "bindings/wait/layer.h"
#include "kernel/base/mem.h"

static _Atomic uint32_t healed; /* how often: the same on all ranks */

void rendezvous_heal(void)
{
    atomic_fetch_add(&healed, 1);
}

/* Of the members in MPI_COMM_WORLD, or NULL when one is not in it. */
static int *world_ranks(MPI_Group group, int size)
{
    int *own = xcalloc((size_t)size, sizeof(*own));
    int *ranks = xcalloc((size_t)size, sizeof(*ranks));
    bool good;
    MPI_Group world;

    for (int i = 0; i < size; i++)
        own[i] = i;
    PMPI_Comm_group(MPI_COMM_WORLD, &world);
    good = PMPI_Group_translate_ranks(group, size, own, world, ranks) == MPI_SUCCESS;
    for (int i = 0; good && i < size; i++)
        good = ranks[i] != MPI_UNDEFINED;
    PMPI_Group_free(&world);
    free(own);
    if (good)
        return ranks;
    free(ranks);
    return NULL;
}

/* FNV-1a */
static uint64_t hash(uint64_t start, const void *data, size_t size)
{
    const unsigned char *bytes = data;

    for (size_t i = 0; i < size; i++)
        start = (start ^ bytes[i]) * UINT64_C(0x100000001b3);
    return start;
}

static uint64_t make_key(const struct comm *members, enum call_kind kind,
                         const void *tag, size_t size)
{
    uint64_t key = hash(UINT64_C(0xcbf29ce484222325), &kind, sizeof(kind));

    key = hash(key, members->world, (size_t)members->size * sizeof(*members->world));
    return hash(key, tag, size);
}

/* False where this process is alone, or the members cannot meet. */
static bool describe(MPI_Group group, struct comm *members)
{
    *members = (struct comm){
        .handle = MPI_COMM_NULL, .what = "group", .culprit = -1, .way = COMM_PLACE
    };
    if (!layer.arena || group == MPI_GROUP_NULL
        || PMPI_Group_size(group, &members->size) != MPI_SUCCESS || members->size < 2
        || PMPI_Group_rank(group, &members->rank) != MPI_SUCCESS
        || members->rank == MPI_UNDEFINED)
        return false;
    return (members->world = world_ranks(group, members->size));
}

int rendezvous(MPI_Group group, const struct call *call, const void *tag, size_t size,
               bool *met)
{
    struct collective collective = { .rc = MPI_SUCCESS };
    uint32_t time = atomic_load(&healed);
    struct comm members;
    uint64_t key;
    int idx;

    *met = false;
    if (!describe(group, &members))
        return MPI_SUCCESS;
    key = make_key(&members, call->kind, tag, size);
    if ((idx = arena_join(layer.arena, key, time, members.size)) >= 0) {
        *met = true;
        members.place = arena_place(layer.arena, idx);
        /* It may have been here before, when others have not left yet. */
        members.calls = atomic_load(&members.place->member[members.rank].came);
        collective_enter(&collective, &members, call);
        arena_part(layer.arena, key, time);
    }
    free(members.world);
    return collective.rc;
}
