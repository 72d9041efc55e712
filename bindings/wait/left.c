/* left.c - sends that outlive the call that began them */
#include "bindings/wait/left.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "bindings/wait/layer.h"
#include "kernel/base/mem.h"

struct left {
    MPI_Request request;
    void *buffer;
    struct left *next;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct left *_Atomic first;
static atomic_bool allowed;

EXPORT void mpiwait_keep_sends(int yes)
{
    atomic_store(&allowed, yes);
}

bool left_is_allowed(void)
{
    return atomic_load_explicit(&allowed, memory_order_relaxed);
}

void left_keep(MPI_Request request, void *buffer)
{
    struct left *left = xcalloc(1, sizeof(*left));

    left->request = request;
    left->buffer = buffer;
    pthread_mutex_lock(&lock);
    left->next = first;
    first = left;
    pthread_mutex_unlock(&lock);
}

void left_advance(void)
{
    struct left *left, *before = NULL, *next;
    int done;

    if (!atomic_load_explicit(&first, memory_order_relaxed)
        || pthread_mutex_trylock(&lock) != 0)
        return;
    for (left = first; left; left = next) {
        next = left->next;
        done = 0;
        /* One that fails is done too: MPI has let go of its buffer. */
        if (PMPI_Test(&left->request, &done, MPI_STATUS_IGNORE) == MPI_SUCCESS
            && !done) {
            before = left;
            continue;
        }
        if (before)
            before->next = next;
        else
            first = next;
        free(left->buffer);
        free(left);
    }
    pthread_mutex_unlock(&lock);
}
