/* test_peers.c - who is connected to a bound socket, and who does not read */
#include "kernel/jupyter/peers.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kernel/base/mem.h"
#include "tests/unit/tap.h"

#define LIMIT_MS 20000
#define LIMIT 1000000

static void *ctx, *router;
static struct loop *loop;
static struct peers *peers;
static struct backlog *backlog;
static char *endpoint;
static int gone, full = -1;

static void on_gone(void *arg)
{
    gone++;
    loop_stop(loop);
}

static void on_full(bool is_full, void *arg)
{
    full = is_full;
    loop_stop(loop);
}

static const struct peers_calls calls = { on_gone, on_full };

static void on_limit(struct loop *of, void *arg)
{
    ok(false, "the event comes in time");
    loop_stop(of);
}

static void run(void)
{
    struct loop_watch *limit = loop_add_timer(loop, LIMIT_MS, 0, on_limit, NULL);

    loop_run(loop);
    loop_remove(loop, limit);
}

static void *join(const char *identity)
{
    void *sock = zmq_socket(ctx, ZMQ_DEALER);
    int none = 0, one = 1;

    zmq_setsockopt(sock, ZMQ_LINGER, &none, sizeof(none));
    zmq_setsockopt(sock, ZMQ_RCVHWM, &one, sizeof(one));
    zmq_setsockopt(sock, ZMQ_ROUTING_ID, identity, strlen(identity));
    zmq_connect(sock, endpoint);
    zmq_send(sock, "hello", 5, 0);
    return sock;
}

/* The connection that the next message comes by. */
static uint64_t next_source(void)
{
    zmq_msg_t frame;
    uint64_t number = 0;
    bool more = true;

    while (more) {
        zmq_msg_init(&frame);
        zmq_msg_recv(&frame, router, 0);
        more = zmq_msg_more(&frame);
        if (!more)
            number = peers_source(peers, zmq_msg_get(&frame, ZMQ_SRCFD));
        zmq_msg_close(&frame);
    }
    return number;
}

static void send_to(const char *identity, size_t size)
{
    char *data = xcalloc(1, size);
    zmq_msg_t frame;

    backlog_frame_init(backlog, &frame, data, size, size);
    zmq_send(router, identity, strlen(identity), ZMQ_SNDMORE);
    zmq_msg_send(&frame, router, 0);
    peers_sent(peers);
    free(data);
}

int main(void)
{
    char dir[] = "/tmp/test_peers.XXXXXX", *path;
    void *first, *second;
    uint64_t one, two;
    int none = 0, sent = 0;

    if (!mkdtemp(dir))
        return 1;
    path = xasprintf("%s/sock", dir);
    endpoint = xasprintf("ipc://%s", path);
    ctx = zmq_ctx_new();
    loop = loop_create();
    router = zmq_socket(ctx, ZMQ_ROUTER);
    backlog = backlog_create();
    zmq_setsockopt(router, ZMQ_LINGER, &none, sizeof(none));
    zmq_setsockopt(router, ZMQ_SNDHWM, &none, sizeof(none));
    peers = peers_create(ctx, router, loop, backlog, LIMIT, &calls, NULL);
    ok(peers, "a socket is watched");
    zmq_bind(router, endpoint);

    first = join("first");
    one = next_source();
    second = join("second");
    two = next_source();
    ok(one && two && one != two, "each connection has a number");
    ok(peers_has(peers, one) && peers_has(peers, two), "and is there");
    ok(peers_has(peers, 0), "as is the one that nobody knows");
    zmq_close(second);
    run();
    ok(gone == 1 && !peers_has(peers, two) && peers_has(peers, one),
       "one of them goes");

    for (; full < 0 && sent < 1000; sent++)
        send_to("first", 100000);
    loop_run(loop); /* was stopped before it ran */
    is_int(full, 1, "it is full when a client does not read");
    for (int i = 0; i < sent; i++)
        zmq_recv(first, NULL, 0, 0);
    run();
    is_int(full, 0, "until it has read");
    ok(backlog_size(backlog) <= LIMIT / 2, "enough");

    zmq_close(first);
    run();
    is_int(gone, 2, "the other goes");
    peers_destroy(peers);
    peers_destroy(NULL);
    zmq_close(router);
    backlog_destroy(backlog);
    zmq_ctx_term(ctx);
    loop_destroy(loop);
    unlink(path);
    is_int(rmdir(dir), 0, "nothing is left behind");
    free(path);
    free(endpoint);
    return done_testing();
}
