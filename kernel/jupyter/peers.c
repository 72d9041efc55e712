/* peers.c - who is connected to a bound socket, and who does not read
 *
 * libzmq's monitor says which descriptors come and go, but for those that a client of
 * the same identity has taken over.  So the inode tells whether a descriptor is still
 * the socket that it was.
 */
#include "kernel/jupyter/peers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <zmq.h>

#include "kernel/base/loop_zmq.h"
#include "kernel/base/mem.h"
#include "kernel/base/platform.h"

#define LOOK_MS 50
#define EVENT_SIZE 6 /* u16 event, u32 value */

struct peer {
    uint64_t number;
    int fd;
    ino_t inode;
    struct platform_flow flow; /* as it was at the last look */
    int64_t still_since;
};

struct peers {
    struct loop *loop;
    void *sock;
    void *monitor;
    struct loop_watch *watch;
    struct loop_watch *timer; /* while there is much to take */
    const struct backlog *backlog;
    uint64_t limit;
    const struct peers_calls *calls;
    void *arg;
    struct peer *list;
    size_t count;
    uint64_t last_number;
    uint64_t taken; /* as it was at the last look */
    int64_t still_since;
    bool is_full;
};

/* ---- come and gone ---- */

/* 0: it is closed. */
static ino_t inode_of(int fd)
{
    struct stat info;

    return fstat(fd, &info) < 0 ? 0 : info.st_ino;
}

static struct peer *find_fd(struct peers *peers, int fd)
{
    for (size_t i = 0; i < peers->count; i++)
        if (peers->list[i].fd == fd)
            return &peers->list[i];
    return NULL;
}

static bool remove_fd(struct peers *peers, int fd)
{
    struct peer *peer = find_fd(peers, fd);

    if (!peer)
        return false;
    *peer = peers->list[--peers->count];
    return true;
}

static void add(struct peers *peers, int fd)
{
    peers->list = xrealloc(peers->list, (peers->count + 1) * sizeof(*peers->list));
    peers->list[peers->count++] = (struct peer){
        .number = ++peers->last_number,
        .fd = fd,
        .inode = inode_of(fd),
        .still_since = loop_now(),
    };
}

/* Returns 1, or 0 when nothing is there. */
static int recv_event(void *monitor, uint16_t *event, int32_t *fd)
{
    zmq_msg_t frame;
    bool more = true;

    *event = 0;
    *fd = -1;
    for (int i = 0; more; i++) {
        zmq_msg_init(&frame);
        if (zmq_msg_recv(&frame, monitor, ZMQ_DONTWAIT) < 0)
            return 0;
        if (i == 0 && zmq_msg_size(&frame) == EVENT_SIZE) {
            memcpy(event, zmq_msg_data(&frame), sizeof(*event));
            memcpy(fd, (char *)zmq_msg_data(&frame) + sizeof(*event), sizeof(*fd));
        }
        more = zmq_msg_more(&frame);
        zmq_msg_close(&frame);
    }
    return 1;
}

/* Takes in what the monitor says; true when somebody has gone. */
static bool update(struct peers *peers)
{
    bool is_gone = false;
    uint16_t event;
    int32_t fd;

    while (recv_event(peers->monitor, &event, &fd)) {
        if (event == ZMQ_EVENT_ACCEPTED || event == ZMQ_EVENT_DISCONNECTED)
            is_gone = remove_fd(peers, fd) || is_gone;
        if (event == ZMQ_EVENT_ACCEPTED)
            add(peers, fd);
    }
    return is_gone;
}

static void on_monitor(struct loop *loop, void *arg)
{
    struct peers *peers = arg;

    if (update(peers))
        peers->calls->gone(peers->arg);
}

uint64_t peers_source(struct peers *peers, int fd)
{
    const struct peer *peer;

    on_monitor(peers->loop, peers);
    peer = fd < 0 ? NULL : find_fd(peers, fd);
    return peer ? peer->number : 0;
}

bool peers_has(struct peers *peers, uint64_t number)
{
    for (size_t i = 0; i < peers->count; i++)
        if (peers->list[i].number == number)
            return inode_of(peers->list[i].fd) == peers->list[i].inode;
    return number == 0;
}

/* ---- who reads ---- */

/* Notes which connections have not moved since the last look. */
static void look(struct peers *peers, int64_t now)
{
    uint64_t taken = backlog_taken(peers->backlog);

    if (taken != peers->taken)
        peers->still_since = now;
    peers->taken = taken;
    for (size_t i = 0; i < peers->count; i++) {
        struct peer *peer = &peers->list[i];
        struct platform_flow flow = { 0 };

        platform_socket_flow(peer->fd, &flow);
        if (!flow.waiting || flow.waiting != peer->flow.waiting
            || flow.acked != peer->flow.acked)
            peer->still_since = now;
        peer->flow = flow;
    }
}

/* libzmq notices the end of the connection, and frees what it kept for it. */
static void cut_off(struct peers *peers, int64_t now)
{
    for (size_t i = 0; i < peers->count; i++) {
        const struct peer *peer = &peers->list[i];

        if (now - peer->still_since >= PEERS_STALL_MS
            && inode_of(peer->fd) == peer->inode)
            shutdown(peer->fd, SHUT_RDWR);
    }
}

static void set_full(struct peers *peers, bool is_full)
{
    if (peers->is_full == is_full)
        return;
    peers->is_full = is_full;
    peers->calls->full(is_full, peers->arg);
}

static void on_look(struct loop *loop, void *arg)
{
    struct peers *peers = arg;
    uint64_t size = backlog_size(peers->backlog);
    int64_t now = loop_now();

    on_monitor(loop, peers);
    look(peers, now);
    if (size > peers->limit && now - peers->still_since >= PEERS_STALL_MS)
        cut_off(peers, now);
    if (size > peers->limit / 2)
        return;
    loop_remove(loop, peers->timer);
    peers->timer = NULL;
    set_full(peers, false);
}

void peers_sent(struct peers *peers)
{
    uint64_t size = backlog_size(peers->backlog);

    if (size > peers->limit / 2 && !peers->timer) {
        peers->still_since = loop_now();
        peers->timer = loop_add_timer(peers->loop, LOOK_MS, 1, on_look, peers);
    }
    if (size > peers->limit)
        set_full(peers, true);
}

/* ---- the whole ---- */

struct peers *peers_create(void *ctx, void *sock, struct loop *loop,
                           const struct backlog *backlog, uint64_t limit,
                           const struct peers_calls *calls, void *arg)
{
    struct peers *peers = xcalloc(1, sizeof(*peers));
    char endpoint[64];
    int none = 0;

    peers->loop = loop;
    peers->sock = sock;
    peers->backlog = backlog;
    peers->limit = limit;
    peers->calls = calls;
    peers->arg = arg;
    /* A name may be taken for a while after its socket was closed. */
    snprintf(endpoint, sizeof(endpoint), "inproc://peers-%p-%lld", (void *)peers,
             (long long)loop_now_ns());
    if (zmq_socket_monitor(sock, endpoint, ZMQ_EVENT_ACCEPTED | ZMQ_EVENT_DISCONNECTED)
            < 0
        || !(peers->monitor = zmq_socket(ctx, ZMQ_PAIR))
        || zmq_setsockopt(peers->monitor, ZMQ_LINGER, &none, sizeof(none)) < 0
        || zmq_connect(peers->monitor, endpoint) < 0) {
        peers_destroy(peers);
        return NULL;
    }
    peers->watch = loop_add_zmq(loop, peers->monitor, on_monitor, peers);
    return peers;
}

void peers_destroy(struct peers *peers)
{
    if (!peers)
        return;
    loop_remove(peers->loop, peers->watch);
    loop_remove(peers->loop, peers->timer);
    zmq_socket_monitor(peers->sock, NULL, 0);
    if (peers->monitor)
        zmq_close(peers->monitor);
    free(peers->list);
    free(peers);
}
