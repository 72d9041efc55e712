/* backlog.c - what was sent and is not taken yet */
#include "kernel/jupyter/backlog.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/base/mem.h"

struct backlog {
    atomic_uint_least64_t refs; /* its owner and each frame */
    uint64_t sent;              /* the owner's thread only */
    atomic_uint_least64_t taken;
};

/* One block with the bytes of a frame. */
struct load {
    struct backlog *backlog;
    size_t weight;
    char data[];
};

struct backlog *backlog_create(void)
{
    struct backlog *backlog = xcalloc(1, sizeof(*backlog));

    atomic_init(&backlog->refs, 1);
    atomic_init(&backlog->taken, 0);
    return backlog;
}

static void unref(struct backlog *backlog)
{
    if (atomic_fetch_sub(&backlog->refs, 1) == 1)
        free(backlog);
}

void backlog_destroy(struct backlog *backlog)
{
    if (backlog)
        unref(backlog);
}

static void on_closed(void *data, void *arg)
{
    struct load *load = arg;

    atomic_fetch_add(&load->backlog->taken, load->weight);
    unref(load->backlog);
    free(load);
}

void backlog_frame_init(struct backlog *backlog, zmq_msg_t *frame, const void *data,
                        size_t size, size_t weight)
{
    struct load *load = xmalloc(sizeof(*load) + size);

    load->backlog = backlog;
    load->weight = weight;
    if (size > 0)
        memcpy(load->data, data, size);
    atomic_fetch_add(&backlog->refs, 1);
    backlog->sent += weight;
    if (zmq_msg_init_data(frame, load->data, size, on_closed, load) < 0)
        abort(); /* out of memory, as xmalloc() */
}

uint64_t backlog_size(const struct backlog *backlog)
{
    return backlog->sent - backlog_taken(backlog);
}

uint64_t backlog_taken(const struct backlog *backlog)
{
    return atomic_load(&backlog->taken);
}
