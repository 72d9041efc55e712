/* world.c - the world that a cell can use */
#include "bindings/wait/world.h"

#include <stdint.h>
#include <stdlib.h>

#include "bindings/wait/arena.h"
#include "bindings/wait/comm.h"
#include "bindings/wait/layer.h"
#include "bindings/wait/meeting.h"
#include "bindings/wait/side.h"
#include "kernel/base/buf.h"
#include "kernel/base/mem.h"

#define ROUNDS_MAX 64 /* each is for somebody who died in the one before */
#define HOOKS_MAX 8

static struct {
    MPI_Comm handle;
    MPI_Comm parent; /* the first duplicate: every world is made of its members */
    uint32_t round;
    int *numbers; /* of the first ranks; -1: not in it.  NULL: nobody has left */
    bool has_shrunk;
} world = { .handle = MPI_COMM_NULL };

static struct {
    mpiwait_world_f call;
    void *arg;
} hooks[HOOKS_MAX];
static atomic_int hook_count;

EXPORT int mpiwait_add_world(mpiwait_world_f call, void *arg)
{
    int idx = atomic_load(&hook_count);

    if (idx == HOOKS_MAX)
        return -1;
    hooks[idx].call = call;
    hooks[idx].arg = arg;
    atomic_store(&hook_count, idx + 1);
    return 0;
}

EXPORT MPI_Comm mpiwait_world(void)
{
    return world_handle();
}

EXPORT int mpiwait_world_size(void)
{
    struct comm *comm = layer.on ? comm_of(world_handle()) : NULL;

    return comm ? comm->size : 0;
}

void world_init(void)
{
    world.handle = MPI_COMM_WORLD;
    world.parent = layer.kernel;
}

void world_clear(void)
{
    world.handle = MPI_COMM_NULL;
    free(world.numbers);
    world.numbers = NULL;
    world.has_shrunk = false;
}

MPI_Comm world_handle(void)
{
    return world.handle == MPI_COMM_NULL ? MPI_COMM_WORLD : world.handle;
}

bool world_has(int rank)
{
    return !world.numbers || world.numbers[rank] >= 0;
}

bool world_has_shrunk(void)
{
    return world.has_shrunk;
}

int world_number(int rank)
{
    return world.numbers && world_has(rank) ? world.numbers[rank] : rank;
}

bool world_has_lost(void)
{
    for (int rank = 0; layer.arena && rank < layer.size; rank++) {
        if (world_has(rank) && !meeting_is_alive(rank))
            return true;
    }
    return false;
}

/* ---- a round: who is in, the communicators, the verdict ---- */

struct made {
    MPI_Comm world, kernel;
};

struct make_args {
    MPI_Comm parent;
    MPI_Group group;
    int tag;
    struct made made;
};

static int make_run(void *arg)
{
    struct make_args *args = arg;
    int rc =
        PMPI_Comm_create_group(args->parent, args->group, args->tag, &args->made.world);

    return rc != MPI_SUCCESS
               ? rc
               : PMPI_Comm_create_group(args->parent, args->group, args->tag + 1,
                                        &args->made.kernel);
}

static bool is_chosen(int rank)
{
    return arena_seat(layer.arena, rank)->chosen == world.round;
}

static bool has_chosen_died(void)
{
    for (int rank = 0; rank < layer.size; rank++) {
        if (is_chosen(rank) && !meeting_is_alive(rank))
            return true;
    }
    return false;
}

/* Whoever comes first says who is in; if it dies over it, the round is void. */
static void choose(void)
{
    struct arena_choice *choice = arena_choice(layer.arena);
    uint32_t before = world.round - 1;
    int count = 0;

    if (!atomic_compare_exchange_strong(&choice->claimed, &before, world.round))
        return;
    for (int rank = 0; rank < layer.size; rank++) {
        if (meeting_is_alive(rank)) {
            atomic_store(&arena_seat(layer.arena, rank)->chosen, world.round);
            count++;
        }
    }
    choice->place = count > 1 ? arena_take(layer.arena, count) : -1;
    atomic_store(&choice->made, world.round);
}

static bool make(struct made *made)
{
    struct side_call call = { "heal", make_run,       NULL, MPI_ERRORS_RETURN,
                              true,   has_chosen_died };
    struct make_args *args = side_args(sizeof(*args));
    int *ranks = xcalloc((size_t)layer.size, sizeof(*ranks)), count = 0, rc;
    MPI_Group all;

    for (int rank = 0; rank < layer.size; rank++) {
        if (is_chosen(rank))
            ranks[count++] = rank;
    }
    args->parent = world.parent;
    args->tag = (int)(2 * world.round & 0x3fff);
    PMPI_Comm_group(world.parent, &all);
    PMPI_Group_incl(all, count, ranks, &args->group);
    PMPI_Group_free(&all);
    free(ranks);
    if (!side_run(&call, args, &rc))
        return false;
    *made = args->made;
    PMPI_Group_free(&args->group);
    side_free(args);
    return rc == MPI_SUCCESS;
}

/* One answer for all, though they may differ in whom they have seen die. */
static bool is_agreed(bool is_made)
{
    struct arena_choice *choice = arena_choice(layer.arena);
    uint64_t none = choice->verdict, verdict = (uint64_t)world.round << 1 | 1;

    atomic_store(&arena_seat(layer.arena, layer.rank)->made, is_made ? world.round : 0);
    meeting_hold();
    for (int rank = 0; rank < layer.size; rank++) {
        if (is_chosen(rank) && arena_seat(layer.arena, rank)->made != world.round)
            verdict = (uint64_t)world.round << 1;
    }
    if (none >> 1 != world.round)
        atomic_compare_exchange_strong(&choice->verdict, &none, verdict);
    return choice->verdict == ((uint64_t)world.round << 1 | 1);
}

static int try_round(struct made *made, bool *is_good)
{
    bool is_made = false;
    int rc;

    world.round++;
    choose();
    if ((rc = meeting_hold()) != MPI_SUCCESS)
        return rc;
    if (arena_choice(layer.arena)->made == world.round && is_chosen(layer.rank))
        is_made = make(made);
    *is_good = is_agreed(is_made);
    return MPI_SUCCESS;
}

/* ---- the new world ---- */

static void copy_settings(MPI_Comm from, MPI_Comm to)
{
    char name[MPI_MAX_OBJECT_NAME] = "";
    MPI_Errhandler handler;
    int length;

    PMPI_Comm_get_name(from, name, &length);
    PMPI_Comm_set_name(to, name);
    if (PMPI_Comm_get_errhandler(from, &handler) == MPI_SUCCESS) {
        PMPI_Comm_set_errhandler(to, handler);
        PMPI_Errhandler_free(&handler);
    }
}

static void renumber(void)
{
    int number = 0;

    if (!world.numbers)
        world.numbers = xcalloc((size_t)layer.size, sizeof(*world.numbers));
    for (int rank = 0; rank < layer.size; rank++)
        world.numbers[rank] = is_chosen(rank) ? number++ : -1;
    world.has_shrunk = number < layer.size;
}

/* The numbers that its members had in the old world. */
static void tell(struct buf *text, const struct comm *old, const struct comm *now)
{
    if (old->size == now->size) {
        buf_add_format(text,
                       "%sMPI.COMM_WORLD is a new one, without the attributes of the "
                       "old: %s",
                       text->size ? "; " : "", old->cause);
        return;
    }
    buf_add_format(text, "%sMPI.COMM_WORLD has %d rank%s now, which %s ",
                   text->size ? "; " : "", now->size, now->size == 1 ? "" : "s",
                   now->size == 1 ? "was" : "were");
    for (int i = 0, count = 0; i < old->size; i++) {
        int rank = old->world ? old->world[i] : i;

        if (is_chosen(rank))
            buf_add_format(text, "%s%d", count++ ? "," : "", i);
    }
    buf_add_text(text, ": ranks and sizes that cells have saved are stale");
}

static int adopt(const struct made *made, struct buf *text)
{
    struct comm *old = comm_of(world.handle), *now = comm_of(made->world);
    int rc;

    copy_settings(world.handle, made->world);
    renumber();
    if ((rc = comm_settle_at(now, arena_choice(layer.arena)->place)) != MPI_SUCCESS)
        return rc;
    tell(text, old, now);
    old->is_told = true;
    if (old->health != COMM_BROKEN)
        comm_close(old, COMM_BROKEN, -1, "it was replaced");
    world.handle = made->world;
    layer.kernel = made->kernel;
    PMPI_Comm_set_errhandler(layer.kernel, MPI_ERRORS_RETURN);
    for (int i = 0; i < atomic_load(&hook_count); i++)
        hooks[i].call(made->world, hooks[i].arg);
    return MPI_SUCCESS;
}

/* Who wants it has said so before the meeting, which all saw: the same answer for all,
 * whoever dies. */
static bool is_wanted(void)
{
    struct comm *comm = comm_of(world.handle);
    bool is_broken = comm->health == COMM_BROKEN, is_wanted = false;

    atomic_store(&arena_seat(layer.arena, layer.rank)->wants,
                 is_broken ? world.round + 1 : 0);
    if (meeting_hold() != MPI_SUCCESS)
        return false;
    for (int rank = 0; rank < layer.size; rank++)
        is_wanted |= arena_seat(layer.arena, rank)->wants == world.round + 1;
    return is_wanted;
}

int world_mend(struct buf *text)
{
    struct made made = { MPI_COMM_NULL, MPI_COMM_NULL };
    bool is_good = false;
    int rc = MPI_SUCCESS;

    if (!layer.arena || !is_wanted())
        return MPI_SUCCESS;
    for (int i = 0; rc == MPI_SUCCESS && !is_good && i < ROUNDS_MAX; i++)
        rc = try_round(&made, &is_good);
    if (rc != MPI_SUCCESS || !is_good)
        return rc != MPI_SUCCESS ? rc : MPI_ERR_OTHER;
    return adopt(&made, text);
}
