/* record.c - what a thread waits for, where the keeper can read it */
#include "bindings/wait/record.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bindings/wait/interrupt.h"
#include "bindings/wait/layer.h"
#include "bindings/wait/wait.h"
#include "bindings/wait/word.h"

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

static int shown(int value, int any)
{
    return value == any ? WAIT_ANY : value >= 0 ? value : WAIT_NONE;
}

void record_show(const struct wait *wait)
{
    struct page_wait *record = own_slot();
    struct page_wait now = {
        .active = 1,
        .started = wait->begun || wait->deaf,
        .peer = wait->peer,
        .tag = wait->tag,
        .arrived = count_arrived(wait),
        .since_ns = wait_now(),
    };
    MPI_Comm comm = wait->comm;

    if (!record)
        return;
    if (caller.call && comm == MPI_COMM_NULL && caller.comm != MPI_COMM_NULL) {
        comm = caller.comm;
        now.peer = shown(caller.peer, MPI_ANY_SOURCE);
        now.tag = shown(caller.tag, MPI_ANY_TAG);
    }
    now.thread = (int32_t)syscall(SYS_gettid);
    snprintf(now.call, sizeof(now.call), "%s", caller.call ? caller.call : wait->call);
    describe_comm(&now, comm);
    page_wait_write(record, &now);
}

void record_update(const struct wait *wait)
{
    struct page_wait *record = own_slot(), now;

    if (!record || record->arrived == count_arrived(wait))
        return;
    now = *record;
    now.arrived = count_arrived(wait);
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
