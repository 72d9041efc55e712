/* heal.c - in step again after an interrupted cell
 *
 * All living ranks are here, none is in MPI.  They meet in the arena, which needs
 * no message and shows who is dead; compare what they have called on every
 * communicator; open those that a member had left; and take out of MPI the
 * messages that nobody received, which would be the next cell's otherwise.
 *
 * What cannot be mended is a communicator whose members issued different numbers
 * of nonblocking collectives, in which a call failed half way, that one member has
 * freed, or that has a dead member: it stays broken, and says why.
 */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "bindings/wait/arena.h"
#include "bindings/wait/comm.h"
#include "bindings/wait/gone.h"
#include "bindings/wait/layer.h"
#include "bindings/wait/left.h"
#include "bindings/wait/meeting.h"
#include "bindings/wait/rendezvous.h"
#include "bindings/wait/wait.h"
#include "bindings/wait/world.h"
#include "kernel/base/buf.h"
#include "kernel/base/mem.h"

#define LOOK_NS 1000000u /* between two looks who is alive */
#define LISTED 8         /* messages told one by one */
#define HOOKS_MAX 8
#define IDS 2048      /* communicators that MPICH has room for in a process */
#define IDS_NEAR 1900 /* that is few more */

static struct buf text;
static MPI_Comm broken = MPI_COMM_NULL; /* somebody died inside its barrier */

static struct {
    mpiwait_heal_f call;
    void *arg;
} hooks[HOOKS_MAX];
static atomic_int hook_count;
static _Atomic(mpiwait_drained_f) on_drained;

EXPORT int mpiwait_add_heal(mpiwait_heal_f call, void *arg)
{
    int idx = atomic_load(&hook_count);

    if (idx == HOOKS_MAX)
        return -1;
    hooks[idx].call = call;
    hooks[idx].arg = arg;
    atomic_store(&hook_count, idx + 1);
    return 0;
}

EXPORT void mpiwait_on_drained(mpiwait_drained_f call)
{
    atomic_store(&on_drained, call);
}

EXPORT const char *mpiwait_heal_text(void)
{
    return buf_text(&text);
}

/* A barrier through MPI: what was sent before it is here after it. */
static int flush(void)
{
    MPI_Request request;
    uint64_t look = wait_now() + LOOK_NS;
    struct wait wait;
    int done = 0, rc;

    if (broken == layer.kernel || world_has_lost())
        return meeting_hold();
    if ((rc = PMPI_Ibarrier(layer.kernel, &request)) != MPI_SUCCESS)
        return rc;
    wait_begin(&wait, "heal", layer.kernel, WAIT_NONE, WAIT_NONE);
    wait.deaf = true;
    while ((rc = PMPI_Test(&request, &done, MPI_STATUS_IGNORE)) == MPI_SUCCESS
           && !done) {
        wait_pause(&wait);
        if (wait_now() < look)
            continue;
        look = wait_now() + LOOK_NS;
        if (world_has_lost()) {
            broken = layer.kernel;
            break;
        }
    }
    wait_end(&wait);
    return rc;
}

static void publish(struct comm *comm, void *arg)
{
    struct arena_member *line;

    if (comm->way != COMM_PLACE)
        return;
    line = &comm->place->member[comm->rank];
    line->heal.calls = comm->calls;
    line->heal.nonblocking = comm->nonblocking;
    line->heal.health = comm->health;
    atomic_store(&line->heal.time, *(const uint32_t *)arg);
}

/* Why member 'i' keeps the communicator from being opened, or NULL. */
static const char *find_fault(const struct comm *comm, int i, uint32_t time)
{
    const struct arena_member *own = &comm->place->member[comm->rank];
    const struct arena_member *line = &comm->place->member[i];

    if (!meeting_is_alive(comm->world[i]))
        return "died";
    if (atomic_load(&line->heal.time) != time)
        return "has freed it";
    if (line->heal.health == COMM_BROKEN)
        return "is out of step on it";
    if (line->heal.nonblocking != own->heal.nonblocking)
        return "issued another number of nonblocking collectives on it";
    return NULL;
}

/* Once: those of earlier cells are known. */
static void tell_broken(struct comm *comm)
{
    char name[MPI_MAX_OBJECT_NAME] = "";
    int length;

    /* The world is replaced. */
    if (comm->is_told || (layer.arena && comm->handle == world_handle()))
        return;
    comm->is_told = true;
    if (comm->handle != MPI_COMM_NULL)
        PMPI_Comm_get_name(comm->handle, name, &length);
    buf_add_format(&text, "%s%s %s is broken: %s", text.size ? "; " : "", comm->what,
                   name[0] ? name : "without a name", comm->cause);
}

/* Where members do not meet, only a death can be seen. */
static void mend_plain(struct comm *comm)
{
    int gone;

    if (!layer.arena || comm->way == COMM_ALONE || comm->handle == MPI_COMM_NULL
        || (gone = gone_member(comm->handle, meeting_is_alive)) < 0)
        return;
    comm_close(comm, COMM_BROKEN, world_number(gone), "rank %d died",
               world_number(gone));
    tell_broken(comm);
}

static void mend(struct comm *comm, void *arg)
{
    uint32_t calls = comm->calls;
    const char *fault = NULL;

    if (comm->health == COMM_BROKEN)
        tell_broken(comm);
    if (comm->health == COMM_BROKEN)
        return;
    if (comm->way != COMM_PLACE) {
        mend_plain(comm);
        return;
    }
    for (int i = 0; !fault && i < comm->size; i++) {
        const struct arena_member *line = &comm->place->member[i];

        if ((fault = find_fault(comm, i, *(const uint32_t *)arg))) {
            comm_close(comm, COMM_BROKEN, world_number(comm->world[i]), "rank %d %s",
                       world_number(comm->world[i]), fault);
            tell_broken(comm);
        } else if ((int32_t)(line->heal.calls - calls) > 0) {
            calls = line->heal.calls;
        }
    }
    if (!fault) {
        comm->calls = calls;
        comm->health = COMM_OPEN;
    }
}

static void list_message(const MPI_Status *status, MPI_Count bytes, int count)
{
    if (count > LISTED)
        return;
    buf_add_format(&text, "%s%d (tag %d, %lld bytes)",
                   count > 1   ? ", "
                   : text.size ? "; never received: from rank "
                               : "never received: from rank ",
                   status->MPI_SOURCE, status->MPI_TAG, (long long)bytes);
}

/* By source, so that nobody waits for the rest of a dead rank's message. */
static int drain_from(int source, int *count)
{
    MPI_Message message;
    MPI_Request request;
    MPI_Status status;
    MPI_Count bytes = 0;
    int found = 0, rc;
    mpiwait_drained_f drained = atomic_load(&on_drained);
    void *data;

    for (;;) {
        if ((rc = PMPI_Improbe(source, MPI_ANY_TAG, world_handle(), &found, &message,
                               &status))
                != MPI_SUCCESS
            || !found)
            return rc;
        PMPI_Get_count_c(&status, MPI_BYTE, &bytes);
        data = xmalloc((size_t)bytes + 1);
        rc = PMPI_Imrecv_c(data, bytes, MPI_BYTE, &message, &request);
        if (rc == MPI_SUCCESS)
            rc = wait_request("heal", world_handle(), &request);
        if (rc == MPI_SUCCESS && drained)
            drained(data, (size_t)bytes);
        free(data);
        if (rc != MPI_SUCCESS)
            return rc;
        list_message(&status, bytes, ++*count);
    }
}

static int drain(int *count)
{
    const struct comm *world = comm_of(world_handle());
    int rc = MPI_SUCCESS;

    for (int rank = 0; rc == MPI_SUCCESS && rank < world->size; rank++) {
        if (!world->world || meeting_is_alive(world->world[rank]))
            rc = drain_from(rank, count);
    }
    return rc;
}

/* A shadow has no communicator of its own. */
static void count_comm(struct comm *comm, void *arg)
{
    *(int *)arg += comm->handle != MPI_COMM_NULL;
}

/* Without one there is no new world after a death, so this is told before. */
static void tell_of_ids(void)
{
    int used = 0;

    comm_each(count_comm, &used);
    if (used >= IDS_NEAR)
        buf_add_format(&text,
                       "%s%d of %d communicators are in use, and with all of them "
                       "nothing works any more: free what is not needed, or begin anew "
                       "by %%ranks restart",
                       text.size ? "; " : "", used, IDS);
}

EXPORT int mpiwait_heal(uint64_t cell)
{
    static uint32_t times;
    int count = 0, rc;

    buf_reset(&text);
    if (!layer.on)
        return MPI_SUCCESS;
    for (int i = 0; i < atomic_load(&hook_count); i++)
        hooks[i].call(cell, hooks[i].arg);
    times++;
    rendezvous_heal();
    comm_each(publish, &times);
    if ((rc = meeting_hold()) != MPI_SUCCESS)
        return rc;
    comm_each(mend, &times);
    rc = world_mend(&text);
    tell_of_ids();
    if (rc != MPI_SUCCESS)
        return rc;
    for (int pass = 0; pass < 2 && rc == MPI_SUCCESS; pass++) {
        if ((rc = flush()) == MPI_SUCCESS)
            rc = drain(&count);
    }
    if (count > LISTED)
        buf_add_format(&text, " and %d more", count - LISTED);
    left_advance();
    /* Nobody begins the next cell while another still drains. */
    return rc == MPI_SUCCESS ? meeting_hold() : rc;
}
