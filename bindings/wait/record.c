/* record.c - what a thread waits for, where the keeper can read it */
#include "bindings/wait/record.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bindings/wait/arena.h"
#include "bindings/wait/comm.h"
#include "bindings/wait/interrupt.h"
#include "bindings/wait/layer.h"
#include "bindings/wait/wait.h"
#include "bindings/wait/word.h"
#include "bindings/wait/world.h"

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t key;
static atomic_bool taken[PAGE_THREADS];
static _Thread_local int slot; /* number + 1; 0 none yet, -1 all were taken */

/* mpiwait_call_as() */
static _Thread_local struct {
    const char *call;
    MPI_Comm comm;
    int peer, tag;
} caller;

EXPORT void mpiwait_call_as(const char *call, MPI_Comm comm, int peer, int tag)
{
    caller.call = call;
    caller.comm = comm;
    caller.peer = peer;
    caller.tag = tag;
}

static void give_back(void *value)
{
    atomic_store(&taken[(intptr_t)value - 1], false);
}

static void make_key(void)
{
    pthread_key_create(&key, give_back);
}

static struct page_wait *own_slot(void)
{
    struct page *page = interrupt_page();

    if (!page)
        return NULL;
    if (!slot) {
        pthread_once(&once, make_key);
        slot = -1;
        for (int i = 0; i < PAGE_THREADS && slot < 0; i++) {
            if (!atomic_exchange(&taken[i], true))
                slot = i + 1;
        }
        if (slot > 0)
            pthread_setspecific(key, (void *)(intptr_t)slot);
    }
    return slot > 0 ? &page->waits[slot - 1] : NULL;
}

static void describe_comm(struct page_wait *record, MPI_Comm comm)
{
    char name[MPI_MAX_OBJECT_NAME] = "";
    int size = 0, length;

    if (comm != MPI_COMM_NULL) {
        PMPI_Comm_size(comm, &size);
        PMPI_Comm_get_name(comm, name, &length);
    }
    record->comm_size = size;
    snprintf(record->comm, sizeof(record->comm), "%.*s", (int)sizeof(record->comm) - 1,
             name);
}

static uint32_t count_arrived(const struct wait *wait)
{
    uint64_t word;

    if (!wait->word)
        return 0;
    word = atomic_load_explicit(wait->word, memory_order_relaxed);
    return word_state(word) == WORD_OPEN ? (uint32_t)word_number(word) : 0;
}

/* ---- who can end it ---- */

static void add_rank(struct page_wait *record, int first)
{
    int rank = first >= 0 && world_has(first) ? world_number(first) : -1;

    if (rank >= 0 && rank < PAGE_RANKS)
        record->ranks[rank / 64] |= UINT64_C(1) << rank % 64;
    else
        record->needs = PAGE_NEEDS_UNKNOWN;
}

static bool has_come(const struct comm *comm, int member)
{
    return atomic_load(&comm->place->member[member].came) == comm->calls;
}

/* Read anew while members arrive. */
static void add_missing(struct page_wait *record, const struct comm *comm)
{
    memset(record->ranks, 0, sizeof(record->ranks));
    record->needs = PAGE_NEEDS_ALL;
    for (int i = 0; i < comm->size; i++) {
        if (!has_come(comm, i))
            add_rank(record, comm->world[i]);
    }
}

/* Members from 'first' up to 'end'; whom the world does not have is outside. */
static void add_members(struct page_wait *record, MPI_Group group, int first, int end)
{
    MPI_Group world;

    if (PMPI_Comm_group(MPI_COMM_WORLD, &world) != MPI_SUCCESS) {
        record->needs = PAGE_NEEDS_UNKNOWN;
        return;
    }
    for (int member = first; member < end; member++) {
        int rank = MPI_UNDEFINED;

        PMPI_Group_translate_ranks(group, 1, &member, world, &rank);
        if (rank != layer.rank || record->needs == PAGE_NEEDS_LIFE || end == first + 1)
            add_rank(record, rank);
    }
    PMPI_Group_free(&world);
}

/* The peer, or every member: of the other group, where there are two. */
static void add_peers(struct page_wait *record, MPI_Comm comm)
{
    MPI_Group group;
    int is_inter = 0, size = 0, rc;

    PMPI_Comm_test_inter(comm, &is_inter);
    rc =
        is_inter ? PMPI_Comm_remote_group(comm, &group) : PMPI_Comm_group(comm, &group);
    if (rc != MPI_SUCCESS)
        return;
    PMPI_Group_size(group, &size);
    record->needs = record->started ? PAGE_NEEDS_LIFE : PAGE_NEEDS_ANY;
    /* Collectives of two groups wait for both. */
    if (is_inter && record->peer == WAIT_NONE)
        record->needs = PAGE_NEEDS_UNKNOWN;
    else if (record->peer >= 0 && record->peer < size)
        add_members(record, group, record->peer, record->peer + 1);
    else
        add_members(record, group, 0, size);
    PMPI_Group_free(&group);
}

static int shown(int value, int any)
{
    return value == any ? WAIT_ANY : value >= 0 ? value : WAIT_NONE;
}

void record_name(struct wait *wait)
{
    if (!caller.call)
        return;
    wait->call = caller.call;
    if (wait->comm != MPI_COMM_NULL || caller.comm == MPI_COMM_NULL)
        return;
    wait->comm = caller.comm;
    wait->peer = shown(caller.peer, MPI_ANY_SOURCE);
    wait->tag = shown(caller.tag, MPI_ANY_TAG);
}

void record_show(const struct wait *unnamed)
{
    struct wait named = *unnamed, *wait = &named;
    struct page_wait *record = own_slot();
    struct page_wait now;

    if (!record)
        return;
    record_name(wait);
    now = (struct page_wait){
        .active = 1,
        .started = wait->begun || wait->deaf,
        .peer = wait->peer,
        .tag = wait->tag,
        .arrived = count_arrived(wait),
        .since_ns = wait_now(),
        .polled_ns = wait->polls ? wait_now() : 0,
    };
    now.thread = (int32_t)syscall(SYS_gettid);
    snprintf(now.call, sizeof(now.call), "%s", wait->call);
    describe_comm(&now, wait->comm);
    /* What the loop does besides its tests is not known, nor who ends it. */
    if (wait->polls)
        now.needs = PAGE_NEEDS_UNKNOWN;
    else if (wait->arriving)
        add_missing(&now, wait->arriving);
    else if (wait->comm != MPI_COMM_NULL)
        add_peers(&now, wait->comm);
    else if (!wait->deaf && !comm_has_outsiders())
        add_peers(&now, world_handle());
    page_wait_write(record, &now);
}

void record_poll(uint64_t now)
{
    struct page_wait *record = own_slot();

    if (record)
        atomic_store_explicit(&record->polled_ns, now, memory_order_relaxed);
}

void record_update(const struct wait *wait)
{
    struct page_wait *record = own_slot(), now;

    if (!record || record->arrived == count_arrived(wait))
        return;
    now = *record;
    now.arrived = count_arrived(wait);
    if (wait->arriving)
        add_missing(&now, wait->arriving);
    page_wait_write(record, &now);
}

void record_clear(void)
{
    struct page_wait *record = own_slot(), now;

    if (!record)
        return;
    now = *record;
    now.active = 0;
    page_wait_write(record, &now);
}
