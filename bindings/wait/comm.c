/* comm.c - what the layer knows of a communicator */
#include "bindings/wait/comm.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "bindings/wait/arena.h"
#include "bindings/wait/gone.h"
#include "bindings/wait/layer.h"
#include "bindings/wait/reason.h"
#include "bindings/wait/wait.h"
#include "bindings/wait/world.h"
#include "kernel/base/mem.h"

static int keyval = MPI_KEYVAL_INVALID;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct comm *comms;

/* MPI reuses handles: a cached one is good until any communicator is deleted. */
static atomic_uint deletions;
static _Thread_local struct {
    MPI_Comm handle;
    struct comm *comm;
    unsigned deletions;
} cached;

static void list_add(struct comm *comm)
{
    pthread_mutex_lock(&lock);
    comm->link = &comms;
    if ((comm->next = comms))
        comms->link = &comm->next;
    comms = comm;
    pthread_mutex_unlock(&lock);
}

static void list_remove(struct comm *comm)
{
    pthread_mutex_lock(&lock);
    *comm->link = comm->next;
    if (comm->next)
        comm->next->link = comm->link;
    pthread_mutex_unlock(&lock);
}

void comm_destroy(struct comm *comm)
{
    list_remove(comm);
    if (comm->place)
        arena_release(layer.arena, comm->place);
    free(comm->ones);
    free(comm->zeros);
    free(comm->world);
    free(comm);
}

static int on_delete(MPI_Comm handle, int key, void *value, void *extra)
{
    struct comm *comm = value;

    atomic_fetch_add(&deletions, 1);
    comm_destroy(comm);
    return MPI_SUCCESS;
}

int comm_init(void)
{
    return PMPI_Comm_create_keyval(MPI_COMM_NULL_COPY_FN, on_delete, &keyval, NULL);
}

void comm_clear(void)
{
    keyval = MPI_KEYVAL_INVALID;
    atomic_fetch_add(&deletions, 1);
}

static atomic_bool has_two_groups; /* some communicator had */

/* One that the layer has not seen before may be older than a death. */
static void find_death(struct comm *comm)
{
    int gone = world_has_shrunk() ? gone_member(comm->handle, world_has) : -1;

    if (gone >= 0)
        comm_close(comm, COMM_BROKEN, world_number(gone), "a member of it died");
}

static struct comm *comm_create(MPI_Comm handle)
{
    struct comm *comm = xcalloc(1, sizeof(*comm));
    int inter = 0;

    comm->handle = handle;
    comm->what = "communicator";
    comm->culprit = -1;
    PMPI_Comm_rank(handle, &comm->rank);
    PMPI_Comm_size(handle, &comm->size);
    PMPI_Comm_test_inter(handle, &inter);
    comm->members = (struct mpiwait_members){ comm->rank, comm->size, inter };
    if (inter) {
        PMPI_Comm_remote_size(handle, &comm->members.size);
        comm->way = COMM_PLAIN;
        atomic_store(&has_two_groups, true);
    } else if (comm->size == 1) {
        comm->way = COMM_ALONE;
    }
    find_death(comm);
    list_add(comm);
    PMPI_Comm_set_attr(handle, keyval, comm);
    return comm;
}

struct comm *comm_of(MPI_Comm handle)
{
    unsigned now = atomic_load_explicit(&deletions, memory_order_acquire);
    struct comm *comm = NULL;
    int found = 0;

    if (cached.comm && cached.handle == handle && cached.deletions == now)
        return cached.comm;
    if (handle == MPI_COMM_NULL
        || PMPI_Comm_get_attr(handle, keyval, &comm, &found) != MPI_SUCCESS)
        return NULL;
    if (!found)
        comm = comm_create(handle);
    cached.handle = handle;
    cached.comm = comm;
    cached.deletions = now;
    return comm;
}

bool comm_has_outsiders(void)
{
    return atomic_load(&has_two_groups);
}

EXPORT const struct mpiwait_members *mpiwait_members(MPI_Comm handle)
{
    struct comm *comm = layer.on ? comm_of(handle) : NULL;

    return comm ? &comm->members : NULL;
}

void comm_count(MPI_Comm handle)
{
    struct comm *comm = layer.on ? comm_of(handle) : NULL;

    if (comm)
        comm->nonblocking++;
}

/* The members' ranks in MPI_COMM_WORLD, or NULL when one is not in it; all members
 * find the same. */
static int *find_world_ranks(const struct comm *comm)
{
    MPI_Group world = MPI_GROUP_NULL, group = MPI_GROUP_NULL;
    int *own = xcalloc((size_t)comm->size, sizeof(*own));
    int *ranks = xcalloc((size_t)comm->size, sizeof(*ranks));
    bool good = false;

    for (int i = 0; i < comm->size; i++)
        own[i] = i;
    if (PMPI_Comm_group(MPI_COMM_WORLD, &world) == MPI_SUCCESS
        && PMPI_Comm_group(comm->handle, &group) == MPI_SUCCESS
        && PMPI_Group_translate_ranks(group, comm->size, own, world, ranks)
               == MPI_SUCCESS)
        good = true;
    for (int i = 0; good && i < comm->size; i++)
        good = ranks[i] != MPI_UNDEFINED;
    if (group != MPI_GROUP_NULL)
        PMPI_Group_free(&group);
    if (world != MPI_GROUP_NULL)
        PMPI_Group_free(&world);
    free(own);
    if (!good) {
        free(ranks);
        return NULL;
    }
    return ranks;
}

/* Rank 0 picks a place and tells the others. */
static int spread_place(struct comm *comm, bool begun, int *idx)
{
    MPI_Request request;
    struct wait wait;
    int done = 0, rc;

    *idx = comm->rank == 0 ? arena_take(layer.arena, comm->size) : -1;
    if ((rc = PMPI_Ibcast(idx, 1, MPI_INT, 0, comm->handle, &request)) != MPI_SUCCESS)
        return rc;
    wait_begin(&wait, "Comm_dup", comm->handle, WAIT_NONE, WAIT_NONE);
    wait.begun = begun;
    while ((rc = PMPI_Test(&request, &done, MPI_STATUS_IGNORE)) == MPI_SUCCESS
           && !done) {
        if (wait_pause(&wait)) {
            rc = reason_interrupted("the first collective");
            comm_close(comm, COMM_BROKEN, -1, "its first collective was interrupted");
            break;
        }
    }
    wait_end(&wait);
    return rc;
}

static int take_place(struct comm *comm, int idx)
{
    if (idx < 0) {
        comm->way = COMM_PLAIN;
        return MPI_SUCCESS;
    }
    comm->place = arena_place(layer.arena, idx);
    comm->slots = arena_slots(layer.arena, comm->place);
    comm->way = COMM_PLACE;
    return MPI_SUCCESS;
}

int comm_settle(struct comm *comm, bool begun)
{
    static _Thread_local int idx; /* an interrupted Ibcast may still write it */
    int rc;

    if (comm->way != COMM_UNSETTLED)
        return MPI_SUCCESS;
    if (!layer.arena || !(comm->world = find_world_ranks(comm))) {
        comm->way = COMM_PLAIN;
        return MPI_SUCCESS;
    }
    if ((rc = spread_place(comm, begun, &idx)) != MPI_SUCCESS)
        return rc;
    return take_place(comm, idx);
}

int comm_settle_at(struct comm *comm, int place)
{
    if (comm->way == COMM_UNSETTLED)
        comm->world = find_world_ranks(comm);
    return comm->way == COMM_UNSETTLED ? take_place(comm, place) : MPI_SUCCESS;
}

int *comm_numbers(const struct comm *comm)
{
    int *numbers = xcalloc((size_t)comm->size, sizeof(*numbers));

    for (int i = 0; i < comm->size; i++)
        numbers[i] = world_number(comm->world[i]);
    return numbers;
}

struct comm *comm_shadow(struct comm *parent, const char *what, int *rc)
{
    struct comm *comm = xcalloc(1, sizeof(*comm));

    comm->handle = parent->handle;
    comm->what = what;
    comm->culprit = -1;
    comm->rank = parent->rank;
    comm->size = parent->size;
    comm->members = parent->members;
    comm->way = parent->way == COMM_PLACE ? COMM_UNSETTLED : parent->way;
    list_add(comm);
    if ((*rc = comm_settle(comm, true)) != MPI_SUCCESS) {
        comm_destroy(comm);
        return NULL;
    }
    comm->handle = MPI_COMM_NULL;
    return comm;
}

void comm_close(struct comm *comm, enum comm_health health, int culprit,
                const char *format, ...)
{
    va_list args;

    comm->health = health;
    comm->culprit = culprit;
    va_start(args, format);
    vsnprintf(comm->cause, sizeof(comm->cause), format, args);
    va_end(args);
}

int comm_refuse(const struct comm *comm, const char *call)
{
    return reason_set(MPIWAIT_CLOSED, comm->culprit, "%s: the %s is %s: %s", call,
                      comm->what, comm->health == COMM_CLOSED ? "closed" : "broken",
                      comm->cause);
}

void comm_each(void (*call)(struct comm *comm, void *arg), void *arg)
{
    pthread_mutex_lock(&lock);
    for (struct comm *comm = comms; comm; comm = comm->next)
        call(comm, arg);
    pthread_mutex_unlock(&lock);
}
