/* test_channels.c - five bound sockets: junk, welcomes, replies, ports, descriptors */
#include "kernel/jupyter/channels.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zmq.h>

#include "kernel/base/loop_zmq.h"
#include "kernel/base/mem.h"
#include "tests/unit/tap.h"

#define LIMIT_MS 20000

static void *ctx;
static struct loop *loop;
static struct channels *channels;
static struct signer *signer;
static struct session session;
static struct connection connection;
static char dir[] = "/tmp/test_channels.XXXXXX";

static enum channel called_on;
static char called_type[64], refused_why[256];
static int called, refused;

static void on_call(enum channel from, struct message *msg, void *arg)
{
    called++;
    called_on = from;
    snprintf(called_type, sizeof(called_type), "%s", message_type(msg));
    if (!strcmp(message_type(msg), "ping_request")) {
        channels_status(channels, msg, "busy");
        channels_reply_new(channels, from, msg, "ping_reply", json_object());
    }
    loop_stop(loop);
}

static void on_refused(enum channel from, const char *reason, void *arg)
{
    refused++;
    snprintf(refused_why, sizeof(refused_why), "%s", reason);
    loop_stop(loop);
}

static const struct channels_calls calls = {
    .request = on_call,
    .refused = on_refused,
};

static void on_limit(struct loop *of, void *arg)
{
    ok(false, "the event comes in time");
    loop_stop(of);
}

static void on_readable(struct loop *of, void *arg)
{
    loop_stop(of);
}

/* Until a request was called or refused or, with 'sock', something came by it. */
static void run_until(void *sock)
{
    struct loop_watch *limit = loop_add_timer(loop, LIMIT_MS, 0, on_limit, NULL);
    struct loop_watch *watch =
        sock ? loop_add_zmq(loop, sock, on_readable, NULL) : NULL;

    loop_run(loop);
    loop_remove(loop, watch);
    loop_remove(loop, limit);
}

static struct message *next_message(void *sock)
{
    struct error err;

    run_until(sock);
    return message_recv(sock, signer, &err);
}

static void *peer(int type, enum channel channel, const char *identity)
{
    void *sock = zmq_socket(ctx, type);
    char *endpoint = connection_endpoint(&connection, channel);
    int none = 0;

    zmq_setsockopt(sock, ZMQ_LINGER, &none, sizeof(none));
    if (identity)
        zmq_setsockopt(sock, ZMQ_ROUTING_ID, identity, strlen(identity));
    zmq_connect(sock, endpoint);
    free(endpoint);
    return sock;
}

static void open_channels(const char *transport, const char *ip)
{
    struct error err = { "" };

    connection_init(&connection, transport, ip);
    signer = signer_create(connection.scheme, connection.key, NULL);
    session_init(&session);
    for (int i = 0; i < CHANNEL_COUNT; i++)
        connection.ports[i] = 0;
    channels =
        channels_create(ctx, loop, &connection, CHANNELS_LIMIT, &calls, NULL, &err);
    ok(channels, "the channels are bound over %s%s", transport, err.text);
    ok(connection.ports[0] > 0 && connection.ports[4] > 0
           && connection.ports[0] != connection.ports[4],
       "to ports of their own choice");
}

static void close_channels(void)
{
    channels_destroy(channels);
    channels = NULL;
    signer_destroy(signer);
    connection_clear(&connection);
}

static void test_request(void)
{
    struct message_out ping = { .type = "ping_request", .id = "ping-1" };
    void *first = peer(ZMQ_DEALER, CHANNEL_SHELL, "me"), *second;
    struct message *msg;

    message_send_new(first, signer, &session, ping, json_object(), NULL);
    run_until(NULL);
    is_int(called_on, CHANNEL_SHELL, "a request comes by its channel");
    is_str(called_type, "ping_request", "with its type");
    msg = next_message(first);
    is_str(message_type(msg), "ping_reply", "the reply finds its way back");
    is_str(message_parent_id(msg), "ping-1", "and knows its parent");
    ok(strcmp(message_session(msg), session.id) != 0, "from the kernel's session");
    is_str(message_session(msg), channels_session(channels)->id, "which is known");
    message_unref(msg);

    second = peer(ZMQ_DEALER, CHANNEL_SHELL, "me");
    message_send_new(second, signer, &session, ping, json_object(), NULL);
    run_until(NULL);
    msg = next_message(second);
    ok(msg, "a client that comes again under its old identity is answered");
    message_unref(msg);
    zmq_close(first);
    zmq_close(second);
}

static void send_frames(void *sock, const char *const *frames)
{
    for (; *frames; frames++)
        zmq_send(sock, *frames, strlen(*frames), frames[1] ? ZMQ_SNDMORE : 0);
}

static void test_junk(void)
{
    static const char *const junk[][10] = {
        { "", NULL },
        { "junk", "more", NULL },
        { "<IDS|MSG>", NULL },
        { "<IDS|MSG>", "", "{}", "{}", "{}", NULL },
        { "<IDS|MSG>", "0000", "{\"msg_type\":\"t\"}", "{}", "{}", "{}", NULL },
    };
    static const enum channel on[] = { CHANNEL_SHELL, CHANNEL_CONTROL, CHANNEL_STDIN };
    struct message_out ping = { .type = "ping_request" };
    int before = called;

    for (size_t i = 0; i < 3; i++) {
        void *sock = peer(ZMQ_DEALER, on[i], NULL);

        for (size_t j = 0; j < sizeof(junk) / sizeof(junk[0]); j++) {
            refused = 0;
            send_frames(sock, junk[j]);
            run_until(NULL);
            ok(refused == 1 && called == before, "junk is refused: %s", refused_why);
        }
        message_send_new(sock, signer, &session, ping, json_object(), NULL);
        run_until(NULL);
        is_int(called, ++before, "the next request is not");
        is_int(called_on, on[i], "on its channel");
        zmq_close(sock);
    }
}

/* Bytes that are not even ZeroMQ's go no further than libzmq. */
static void test_raw_junk(void)
{
    struct sockaddr_in addr = { .sin_family = AF_INET };
    struct message_out ping = { .type = "ping_request" };
    const char *junk = "GET / HTTP/1.0\r\n\r\n";
    void *sock = peer(ZMQ_DEALER, CHANNEL_SHELL, NULL);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    char byte;

    addr.sin_port = htons((uint16_t)connection.ports[CHANNEL_SHELL]);
    addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ok(connect(fd, (struct sockaddr *)&addr, sizeof(addr)) == 0, "anybody may connect");
    is_int(write(fd, junk, strlen(junk)), (long long)strlen(junk), "and say anything");
    while (read(fd, &byte, 1) > 0)
        ;
    ok(true, "but is not listened to");
    close(fd);
    called_type[0] = '\0';
    message_send_new(sock, signer, &session, ping, json_object(), NULL);
    run_until(NULL);
    is_str(called_type, "ping_request", "others are");
    zmq_close(sock);
}

static void test_welcome(void)
{
    void *subs[] = { peer(ZMQ_SUB, CHANNEL_IOPUB, NULL),
                     peer(ZMQ_SUB, CHANNEL_IOPUB, NULL),
                     peer(ZMQ_SUB, CHANNEL_IOPUB, NULL) };
    static const char *const topics[] = { "", "", "kernel.x" };
    struct message *msg;

    for (size_t i = 0; i < 3; i++) {
        zmq_setsockopt(subs[i], ZMQ_SUBSCRIBE, topics[i], strlen(topics[i]));
        msg = next_message(subs[i]);
        is_str(message_type(msg), "iopub_welcome", "a subscriber is welcomed first");
        is_str(json_string_value(json_object_get(message_content(msg), "subscription")),
               topics[i], "by its topic");
        is_str(message_parent_id(msg), "", "without a parent");
        message_unref(msg);
    }
    channels_publish_new(channels, "stream", NULL, json_pack("{s:s}", "text", "x"));
    do {
        msg = next_message(subs[0]);
        if (strcmp(message_type(msg), "stream") != 0) {
            message_unref(msg);
            msg = NULL;
        }
    } while (!msg);
    is_int((long long)message_identity_count(msg), 1, "one topic frame");
    is_str(json_string_value(json_object_get(message_content(msg), "text")), "x",
           "what is published is received");
    message_unref(msg);
    for (size_t i = 0; i < 3; i++)
        zmq_close(subs[i]);
}

/* What a subscriber says beside its subscriptions is junk. */
static void test_iopub_junk(void)
{
    static const char *const junk[] = { "\002abc", "more", NULL };
    void *sock = peer(ZMQ_XSUB, CHANNEL_IOPUB, NULL);
    struct message *msg;

    refused = 0;
    send_frames(sock, junk);
    run_until(NULL);
    is_str(refused_why, "not a subscription", "junk on IOPub is refused");
    zmq_send(sock, "\001", 1, 0);
    msg = next_message(sock);
    is_str(msg ? message_type(msg) : NULL, "iopub_welcome", "its sender is not");
    message_unref(msg);
    zmq_send(sock, "\000", 1, 0);
    zmq_send(sock, "\001x", 2, 0);
    msg = next_message(sock);
    is_str(msg ? message_type(msg) : NULL, "iopub_welcome", "a topic can be changed");
    message_unref(msg);
    zmq_close(sock);
}

static void test_heartbeat(void)
{
    void *first = peer(ZMQ_REQ, CHANNEL_HEARTBEAT, NULL);
    void *second = peer(ZMQ_REQ, CHANNEL_HEARTBEAT, NULL);
    char bytes[16];

    zmq_send(first, "ping", 4, 0);
    zmq_send(second, "\0", 1, 0);
    run_until(first);
    is_int(zmq_recv(first, bytes, sizeof(bytes), 0), 4, "a heartbeat is echoed");
    ok(!memcmp(bytes, "ping", 4), "byte by byte");
    run_until(second);
    is_int(zmq_recv(second, bytes, sizeof(bytes), 0), 1, "a second client's too");
    zmq_close(first);
    zmq_close(second);
}

static void test_in_use(const char *what)
{
    struct connection other = connection;
    struct error err = { "" };
    char *endpoint = connection_endpoint(&connection, CHANNEL_CONTROL), port[16];

    for (int i = 0; i < CHANNEL_COUNT; i++)
        other.ports[i] = i == CHANNEL_CONTROL ? connection.ports[i] : 0;
    snprintf(port, sizeof(port), "%d", other.ports[CHANNEL_CONTROL]);
    ok(!channels_create(ctx, loop, &other, CHANNELS_LIMIT, &calls, NULL, &err),
       "what is in use cannot be bound: %s", what);
    ok(strstr(err.text, "control channel: bind") && strstr(err.text, port)
           && strstr(err.text, "in use"),
       "channel and port are named: %s", err.text);
    is_int(other.ports[CHANNEL_SHELL], 0, "and nothing is written");
    free(endpoint);
}

static void test_descriptors(void)
{
    int inherited = 0;

    for (int fd = 3; fd < 256; fd++) {
        int flags = fcntl(fd, F_GETFD);

        inherited += flags >= 0 && !(flags & FD_CLOEXEC);
    }
    is_int(inherited, 0, "no child inherits a descriptor");
}

static void test_transport(const char *transport, const char *ip)
{
    open_channels(transport, ip);
    test_request();
    test_junk();
    if (!strcmp(transport, "tcp"))
        test_raw_junk();
    test_welcome();
    test_iopub_junk();
    test_heartbeat();
    test_in_use(transport);
    test_descriptors();
    close_channels();
}

/* Whoever started us may have left descriptors open. */
static void mark_inherited(void)
{
    for (int fd = 3; fd < 256; fd++)
        fcntl(fd, F_SETFD, FD_CLOEXEC);
}

int main(void)
{
    char *path;

    mark_inherited();
    if (!mkdtemp(dir))
        return 1;
    path = xasprintf("%s/k", dir);
    ctx = zmq_ctx_new();
    loop = loop_create();
    test_transport("tcp", "127.0.0.1");
    test_transport("ipc", path);
    zmq_ctx_term(ctx);
    is_int(rmdir(dir), 0, "the sockets' paths are gone");
    channels_destroy(NULL);
    loop_destroy(loop);
    free(path);
    return done_testing();
}
