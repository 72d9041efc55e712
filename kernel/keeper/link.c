/* link.c - the keeper's end of the wire
 *
 * When ZeroMQ takes no more, messages wait in a list of ours and the owner is told
 * to read less from its interpreter; that fills the pipes, and a rank that floods
 * is slowed down instead of filling memory.
 */
#include "kernel/keeper/link.h"

#include <stdlib.h>
#include <string.h>
#include <zmq.h>

#include "kernel/base/mem.h"

#define SEND_MAX 100  /* messages that ZeroMQ keeps */
#define LINGER_MS 500 /* for the last words */
#define CHECK_MS 1000 /* the front's ping */

/* A front that ends takes the connection along.  One that is there may be busy for
 * seconds, with a message of 100 MB on a host that has other things to do. */
#define SILENCE_MS 30000
#define RETRY_MS 5
#define LOST_MS 2000
#define MONITOR "inproc://monitor"

struct waiting {
    struct waiting *next;
    enum wire_type type;
    uint64_t cell;
    uint32_t count;
    struct wire_frame *frames; /* with their bytes, one block */
};

struct link {
    struct loop *loop;
    struct link_calls calls;
    int rank;
    void *sock;
    void *monitor;
    struct loop_watch *watch, *monitor_watch, *check, *retry, *lost;
    int64_t heard; /* when the front last said something */
    struct waiting *first, **end;
};

static int send_now(struct link *link, enum wire_type type, uint64_t cell,
                    const struct wire_frame *frames, uint32_t count)
{
    struct wire_header header = { .type = type, .rank = link->rank, .cell = cell };

    return wire_send(link->sock, NULL, header, frames, count, NULL);
}

/* ---- what waits ---- */

static struct waiting *waiting_create(enum wire_type type, uint64_t cell,
                                      const struct wire_frame *frames, uint32_t count)
{
    struct waiting *waiting = xcalloc(1, sizeof(*waiting));

    waiting->type = type;
    waiting->cell = cell;
    waiting->count = count;
    waiting->frames = xcalloc(count + 1, sizeof(*frames));
    for (uint32_t i = 0; i < count; i++) {
        waiting->frames[i].data = xmemdup(frames[i].data, frames[i].size);
        waiting->frames[i].size = frames[i].size;
    }
    return waiting;
}

static void waiting_destroy(struct waiting *waiting)
{
    for (uint32_t i = 0; i < waiting->count; i++)
        free((void *)waiting->frames[i].data);
    free(waiting->frames);
    free(waiting);
}

static void on_retry(struct loop *loop, void *arg)
{
    struct link *link = arg;
    struct waiting *waiting;

    while ((waiting = link->first)) {
        if (send_now(link, waiting->type, waiting->cell, waiting->frames,
                     waiting->count)
            < 0)
            return;
        if (!(link->first = waiting->next))
            link->end = &link->first;
        waiting_destroy(waiting);
    }
    loop_remove(loop, link->retry);
    link->retry = NULL;
    link->calls.full(0, link->calls.arg);
}

void link_send(struct link *link, enum wire_type type, uint64_t cell,
               const struct wire_frame *frames, uint32_t count)
{
    if (!link->first && send_now(link, type, cell, frames, count) == 0)
        return;
    *link->end = waiting_create(type, cell, frames, count);
    link->end = &(*link->end)->next;
    if (link->retry)
        return;
    link->retry = loop_add_timer(link->loop, RETRY_MS, 1, on_retry, link);
    link->calls.full(1, link->calls.arg);
}

void link_send_text(struct link *link, enum wire_type type, uint64_t cell,
                    const char *text)
{
    struct wire_frame frame = { text, strlen(text) };

    link_send(link, type, cell, &frame, 1);
}

/* ---- what comes ---- */

static void on_message(struct loop *loop, void *arg)
{
    struct link *link = arg;
    struct error err = { "" };
    struct wire_message *msg = wire_recv(link->sock, 0, &err);

    if (!msg) {
        if (err.text[0])
            link->calls.refused(err.text, link->calls.arg);
        return;
    }
    link->heard = loop_now();
    link->calls.message(msg, link->calls.arg);
    wire_message_destroy(msg);
}

static void on_check(struct loop *loop, void *arg)
{
    struct link *link = arg;

    if (loop_now() - link->heard > SILENCE_MS)
        link->calls.lost("the front has been silent for 30 s", link->calls.arg);
}

static void on_lost(struct loop *loop, void *arg)
{
    struct link *link = arg;

    link->lost = NULL;
    link->calls.lost("the connection to the front is gone", link->calls.arg);
}

/* An event is two frames: u16 event and u32 value, and the endpoint. */
static void on_monitor(struct loop *loop, void *arg)
{
    struct link *link = arg;
    unsigned char event[6];
    char endpoint[256];
    uint16_t type;

    if (zmq_recv(link->monitor, event, sizeof(event), ZMQ_DONTWAIT) < 0)
        return;
    zmq_recv(link->monitor, endpoint, sizeof(endpoint), ZMQ_DONTWAIT);
    memcpy(&type, event, sizeof(type));
    if (type == ZMQ_EVENT_DISCONNECTED && !link->lost) {
        link->lost = loop_add_timer(loop, LOST_MS, 0, on_lost, link);
    } else if (type == ZMQ_EVENT_CONNECTED && link->lost) {
        loop_remove(loop, link->lost);
        link->lost = NULL;
    }
}

/* ---- life ---- */

static int set_options(void *sock)
{
    static const struct {
        int name, value;
    } options[] = {
        { ZMQ_LINGER, LINGER_MS },   { ZMQ_SNDHWM, SEND_MAX },
        { ZMQ_RECONNECT_IVL, 20 },   { ZMQ_RECONNECT_IVL_MAX, 200 },
        { ZMQ_HANDSHAKE_IVL, 5000 }, { ZMQ_RCVHWM, 0 },
    };

    for (size_t i = 0; i < sizeof(options) / sizeof(*options); i++) {
        if (zmq_setsockopt(sock, options[i].name, &options[i].value, sizeof(int)) < 0)
            return -1;
    }
    return 0;
}

struct link *link_create(void *ctx, struct loop *loop, const char *endpoint, int rank,
                         const struct link_calls *calls, struct error *err)
{
    struct link *link = xcalloc(1, sizeof(*link));
    int events = ZMQ_EVENT_CONNECTED | ZMQ_EVENT_DISCONNECTED;
    int linger = 0;

    link->loop = loop;
    link->calls = *calls;
    link->rank = rank;
    link->end = &link->first;
    link->heard = loop_now();
    if (!(link->sock = zmq_socket(ctx, ZMQ_DEALER)) || set_options(link->sock) < 0
        || zmq_socket_monitor(link->sock, MONITOR, events) < 0
        || !(link->monitor = zmq_socket(ctx, ZMQ_PAIR))
        || zmq_setsockopt(link->monitor, ZMQ_LINGER, &linger, sizeof(linger)) < 0
        || zmq_connect(link->monitor, MONITOR) < 0
        || zmq_connect(link->sock, endpoint) < 0) {
        error_set(err, "connect to %s: %s", endpoint, zmq_strerror(zmq_errno()));
        link_destroy(link);
        return NULL;
    }
    link->watch = loop_add_zmq(loop, link->sock, on_message, link);
    link->monitor_watch = loop_add_zmq(loop, link->monitor, on_monitor, link);
    link->check = loop_add_timer(loop, CHECK_MS, 1, on_check, link);
    return link;
}

void link_destroy(struct link *link)
{
    struct waiting *waiting;

    if (!link)
        return;
    while ((waiting = link->first)) {
        link->first = waiting->next;
        waiting_destroy(waiting);
    }
    loop_remove(link->loop, link->watch);
    loop_remove(link->loop, link->monitor_watch);
    loop_remove(link->loop, link->check);
    loop_remove(link->loop, link->retry);
    loop_remove(link->loop, link->lost);
    if (link->sock) {
        zmq_socket_monitor(link->sock, NULL, 0);
        zmq_close(link->sock);
    }
    if (link->monitor)
        zmq_close(link->monitor);
    free(link);
}
