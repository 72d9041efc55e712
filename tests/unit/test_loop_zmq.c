/* test_loop_zmq.c - ZeroMQ sockets in a loop */
#include "kernel/base/loop_zmq.h"

#include <errno.h>
#include <zmq.h>

#include "tests/unit/tap.h"

#define WATCHDOG_MS 5000

static struct loop *loop;
static void *sock;
static int calls, limit;
static bool bitten;

static void bite(struct loop *of, void *arg)
{
    bitten = true;
    loop_stop(of);
}

static bool run(int until)
{
    limit = until;
    return loop_run(loop) == 0 && !bitten && calls == until;
}

static void on_message(struct loop *of, void *arg)
{
    char text[16];
    int size = zmq_recv(sock, text, sizeof(text), ZMQ_DONTWAIT);

    if (size < 0 || ++calls == limit)
        loop_stop(of);
}

/* Sending uses up the edge of what came meanwhile. */
static void on_echo(struct loop *of, void *arg)
{
    zmq_send(sock, "x", 1, ZMQ_DONTWAIT);
}

static void on_stop(struct loop *of, void *arg)
{
    loop_stop(of);
}

static void say(void *peer, int count)
{
    for (int i = 0; i < count; i++)
        zmq_send(peer, "hello", 5, 0);
}

static void check_messages(void)
{
    void *ctx = zmq_ctx_new(), *peer = zmq_socket(ctx, ZMQ_PAIR);
    struct loop_watch *watch;
    int linger = 0;

    loop = loop_create();
    loop_add_timer(loop, WATCHDOG_MS, 0, bite, NULL);
    sock = zmq_socket(ctx, ZMQ_PAIR);
    zmq_setsockopt(sock, ZMQ_LINGER, &linger, sizeof(linger));
    zmq_setsockopt(peer, ZMQ_LINGER, &linger, sizeof(linger));
    zmq_bind(sock, "inproc://test");
    zmq_connect(peer, "inproc://test");
    say(peer, 5);
    watch = loop_add_zmq(loop, sock, on_message, NULL);
    ok(run(5), "one edge, five messages: all are called for");
    loop_add_timer(loop, 0, 0, on_echo, NULL);
    say(peer, 3);
    ok(run(8), "a send from elsewhere hides no message");
    loop_watch_pause(watch, 1);
    say(peer, 1);
    loop_add_timer(loop, 10, 0, on_stop, NULL);
    ok(run(8), "a paused socket waits");
    loop_watch_pause(watch, 0);
    ok(run(9), "and goes on");
    loop_destroy(loop);
    zmq_close(sock);
    zmq_close(peer);
    zmq_ctx_term(ctx);
}

static void check_failure(void)
{
    static char no_socket[4096];

    loop = loop_create();
    loop_add_zmq(loop, no_socket, on_stop, NULL);
    errno = 0;
    ok(loop_run(loop) == -1 && errno == ENOTSOCK, "what is no socket is an error");
    loop_destroy(loop);
}

int main(void)
{
    check_messages();
    check_failure();
    return done_testing();
}
