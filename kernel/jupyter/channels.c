/* channels.c - the five sockets of a kernel, bound */
#include "kernel/jupyter/channels.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <zmq.h>

#include "kernel/base/loop_zmq.h"
#include "kernel/base/mem.h"
#include "kernel/jupyter/curve.h"
#include "kernel/jupyter/peers.h"
#include "kernel/jupyter/sign.h"

#define LINGER_MS 1000
#define IPC "ipc://"

struct binding {
    struct channels *channels;
    enum channel channel;
    void *sock;
    char *path; /* of an ipc socket; NULL: there is none to remove */
    struct loop_watch *watch;
    struct backlog *backlog; /* NULL: what is sent here is small, and may be lost */
    struct peers *peers;
};

struct channels {
    struct loop *loop;
    struct signer *signer;
    struct session session;
    uint64_t limit;
    const struct channels_calls *calls;
    void *arg;
    struct binding bindings[CHANNEL_COUNT];
    int full; /* bindings that are */
};

static void on_message(struct loop *loop, void *arg);
static void on_subscription(struct loop *loop, void *arg);
static void on_heartbeat(struct loop *loop, void *arg);

/* 'option' is the one that the socket needs beside those all have: a client that
 * reconnects under its old identity takes it over; a second subscriber of the
 * same topic is seen, and welcomed, too.  'is_kept': what a slow reader has not taken
 * is kept for it; elsewhere ZeroMQ's own limit is enough. */
static const struct {
    const char *name;
    int type;
    int option;
    bool is_kept;
    loop_f call;
} kinds[CHANNEL_COUNT] = {
    [CHANNEL_SHELL] = { "shell", ZMQ_ROUTER, ZMQ_ROUTER_HANDOVER, true, on_message },
    [CHANNEL_CONTROL] = { "control", ZMQ_ROUTER, ZMQ_ROUTER_HANDOVER, true,
                          on_message },
    [CHANNEL_STDIN] = { "stdin", ZMQ_ROUTER, ZMQ_ROUTER_HANDOVER, false, on_message },
    [CHANNEL_IOPUB] = { "iopub", ZMQ_XPUB, ZMQ_XPUB_VERBOSE, true, on_subscription },
    [CHANNEL_HEARTBEAT] = { "heartbeat", ZMQ_ROUTER, ZMQ_ROUTER_HANDOVER, false,
                            on_heartbeat },
};

static void refuse(const struct channels *channels, enum channel from,
                   const char *reason)
{
    if (channels->calls->refused)
        channels->calls->refused(from, reason, channels->arg);
}

static void on_gone(void *arg)
{
    const struct binding *from = arg;
    struct channels *channels = from->channels;

    if (from->channel == CHANNEL_SHELL && channels->calls->gone)
        channels->calls->gone(channels->arg);
}

static void on_full(bool is_full, void *arg)
{
    struct channels *channels = ((struct binding *)arg)->channels;
    bool was_full = channels->full > 0;

    channels->full += is_full ? 1 : -1;
    if (was_full != (channels->full > 0) && channels->calls->full)
        channels->calls->full(is_full, channels->arg);
}

static void on_message(struct loop *loop, void *arg)
{
    struct binding *from = arg;
    struct channels *channels = from->channels;
    struct error err = { "" };
    struct message *msg = message_recv(from->sock, channels->signer, &err);

    if (msg && from->channel == CHANNEL_SHELL)
        message_set_peer(msg, peers_source(from->peers, message_fd(msg)));
    if (msg)
        channels->calls->request(from->channel, msg, channels->arg);
    else if (*err.text)
        refuse(channels, from->channel, err.text);
    message_unref(msg);
}

static bool has_more(void *sock)
{
    int more = 0;
    size_t size = sizeof(more);

    return zmq_getsockopt(sock, ZMQ_RCVMORE, &more, &size) == 0 && more;
}

/* The topic must be a prefix of what the subscriber asked for, or it would not
 * see its own welcome. */
static void welcome(struct channels *channels, const char *topic, size_t size)
{
    char *frame = xstrndup(topic, size);
    struct message_out out = { .type = "iopub_welcome", .topic = frame };

    message_send_new(
        channels->bindings[CHANNEL_IOPUB].sock, channels->signer, &channels->session,
        out, json_pack("{s:o}", "subscription", message_text(topic, size)), NULL);
    free(frame);
}

/* Returns false when nothing is there.  The first byte of a frame says whether its
 * sender subscribes or unsubscribes. */
static bool recv_subscription(struct binding *from)
{
    bool is_first = true, is_junk = false;

    do {
        zmq_msg_t frame;
        const char *data;
        size_t size;

        zmq_msg_init(&frame);
        if (zmq_msg_recv(&frame, from->sock, ZMQ_DONTWAIT) < 0)
            return false;
        data = zmq_msg_data(&frame);
        size = zmq_msg_size(&frame);
        is_junk = is_junk || !is_first || size == 0 || (unsigned char)*data > 1;
        if (!is_junk && *data == 1)
            welcome(from->channels, data + 1, size - 1);
        is_first = false;
        zmq_msg_close(&frame);
    } while (has_more(from->sock));
    if (is_junk)
        refuse(from->channels, CHANNEL_IOPUB, "not a subscription");
    return true;
}

static void on_subscription(struct loop *loop, void *arg)
{
    recv_subscription(arg);
}

/* Before anything else is published, or a new subscriber would see that first.
 * (ZMQ_XPUB_MANUAL would leave no gap at all, but loses the subscription of one
 * client when another one sends junk.) */
static void welcome_all(struct channels *channels)
{
    while (recv_subscription(&channels->bindings[CHANNEL_IOPUB]))
        ;
}

static void on_heartbeat(struct loop *loop, void *arg)
{
    struct binding *from = arg;
    bool more = true;

    while (more) {
        zmq_msg_t frame;

        zmq_msg_init(&frame);
        if (zmq_msg_recv(&frame, from->sock, ZMQ_DONTWAIT) < 0)
            return;
        more = has_more(from->sock);
        if (zmq_msg_send(&frame, from->sock, ZMQ_DONTWAIT | (more ? ZMQ_SNDMORE : 0))
            < 0)
            zmq_msg_close(&frame);
    }
}

/* libzmq unlinks the path of an ipc socket before it binds: it would take the
 * endpoint from a living kernel without a word. */
static bool is_path_in_use(const char *path)
{
    struct sockaddr_un addr = { .sun_family = AF_UNIX };
    bool used;
    int fd;

    if (strlen(path) >= sizeof(addr.sun_path))
        return false; /* zmq_bind() says what is wrong */
    strcpy(addr.sun_path, path);
    if ((fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) < 0)
        return false;
    used = connect(fd, (struct sockaddr *)&addr, sizeof(addr)) == 0;
    close(fd);
    return used;
}

static int bind_endpoint(struct binding *binding, const char *endpoint,
                         struct error *err)
{
    bool is_ipc = !strncmp(endpoint, IPC, strlen(IPC));
    const char *path = endpoint + strlen(IPC);

    if (is_ipc && is_path_in_use(path))
        return error_set(err, "%s", strerror(EADDRINUSE));
    if (zmq_bind(binding->sock, endpoint) < 0)
        return error_set(err, "%s", zmq_strerror(errno));
    if (is_ipc)
        binding->path = xstrdup(path);
    return 0;
}

/* For ipc a port is the end of a path: the first that nobody has. */
static void choose_ipc(struct connection *connection, enum channel channel)
{
    bool is_taken = true;

    while (is_taken) {
        char *path;

        connection->ports[channel]++;
        path = connection_endpoint(connection, channel);
        is_taken = access(path + strlen(IPC), F_OK) == 0;
        for (int i = 0; i < CHANNEL_COUNT; i++) {
            if (i != (int)channel)
                is_taken =
                    is_taken || connection->ports[i] == connection->ports[channel];
        }
        free(path);
    }
}

/* "tcp://127.0.0.1:0" was bound to a port of the system's choice. */
static int port_of(void *sock)
{
    char endpoint[512];
    size_t size = sizeof(endpoint);
    const char *colon;

    if (zmq_getsockopt(sock, ZMQ_LAST_ENDPOINT, endpoint, &size) < 0
        || !(colon = strrchr(endpoint, ':')))
        return 0;
    return atoi(colon + 1);
}

static int set_option(void *sock, int option, int value)
{
    return zmq_setsockopt(sock, option, &value, sizeof(value));
}

/* A high water mark counts messages, however large, and loses what is above: where
 * messages are kept, peers.h has a better limit. */
static int set_options(void *sock, enum channel channel, const char *endpoint)
{
    if (set_option(sock, ZMQ_LINGER, LINGER_MS) < 0
        || (kinds[channel].is_kept && set_option(sock, ZMQ_SNDHWM, 0) < 0)
        || set_option(sock, kinds[channel].option, 1) < 0)
        return -1;
    return strchr(endpoint, '[') ? set_option(sock, ZMQ_IPV6, 1) : 0;
}

static int watch_peers(struct binding *binding, void *ctx)
{
    static const struct peers_calls calls = { on_gone, on_full };

    if (!kinds[binding->channel].is_kept)
        return 0;
    binding->backlog = backlog_create();
    binding->peers =
        peers_create(ctx, binding->sock, binding->channels->loop, binding->backlog,
                     binding->channels->limit, &calls, binding);
    return binding->peers ? 0 : -1;
}

static int bind_one(struct binding *binding, void *ctx, struct connection *connection,
                    struct error *err)
{
    enum channel channel = binding->channel;
    bool is_chosen = connection->ports[channel] == 0;
    char *endpoint = NULL;
    int rc = -1;

    if (is_chosen && !strcmp(connection->transport, "ipc"))
        choose_ipc(connection, channel);
    endpoint = connection_endpoint(connection, channel);
    if (!(binding->sock = zmq_socket(ctx, kinds[channel].type))
        || set_options(binding->sock, channel, endpoint) < 0
        || curve_serve(binding->sock, connection) < 0
        || watch_peers(binding, ctx) < 0) {
        error_set(err, "%s channel: %s", kinds[channel].name, zmq_strerror(errno));
        goto done;
    }
    if (bind_endpoint(binding, endpoint, err) < 0) {
        error_prefix(err, "%s channel: bind %s", kinds[channel].name, endpoint);
        goto done;
    }
    if (is_chosen && !strcmp(connection->transport, "tcp"))
        connection->ports[channel] = port_of(binding->sock);
    rc = 0;
done:
    free(endpoint);
    return rc;
}

struct channels *channels_create(void *ctx, struct loop *loop,
                                 struct connection *connection, uint64_t limit,
                                 const struct channels_calls *calls, void *arg,
                                 struct error *err)
{
    struct channels *channels = xcalloc(1, sizeof(*channels));
    int ports[CHANNEL_COUNT];

    memcpy(ports, connection->ports, sizeof(ports));
    channels->loop = loop;
    channels->limit = limit;
    channels->calls = calls;
    channels->arg = arg;
    session_init(&channels->session);
    if (!(channels->signer = signer_create(connection->scheme, connection->key, err)))
        goto error;
    for (int i = 0; i < CHANNEL_COUNT; i++) {
        struct binding *binding = &channels->bindings[i];

        *binding = (struct binding){ .channels = channels, .channel = i };
        if (bind_one(binding, ctx, connection, err) < 0)
            goto error;
        binding->watch = loop_add_zmq(loop, binding->sock, kinds[i].call, binding);
    }
    return channels;
error:
    memcpy(connection->ports, ports, sizeof(ports));
    channels_destroy(channels);
    return NULL;
}

void channels_destroy(struct channels *channels)
{
    if (!channels)
        return;
    for (int i = 0; i < CHANNEL_COUNT; i++) {
        struct binding *binding = &channels->bindings[i];

        loop_remove(channels->loop, binding->watch);
        peers_destroy(binding->peers);
        backlog_destroy(binding->backlog);
        if (binding->sock)
            zmq_close(binding->sock);
        if (binding->path)
            unlink(binding->path); /* libzmq leaves it */
        free(binding->path);
    }
    signer_destroy(channels->signer);
    free(channels);
}

bool channels_is_there(struct channels *channels, const struct message *request)
{
    return peers_has(channels->bindings[CHANNEL_SHELL].peers, message_peer(request));
}

const struct session *channels_session(const struct channels *channels)
{
    return &channels->session;
}

/* A message that cannot be sent is dropped: its reader is gone. */
static void send_out(struct channels *channels, enum channel to,
                     const struct message_out *out)
{
    struct binding *binding = &channels->bindings[to];
    struct message_out counted = *out;
    struct error err;

    counted.backlog = binding->backlog;
    if (message_send(binding->sock, channels->signer, &channels->session, &counted,
                     &err)
        < 0)
        refuse(channels, to, err.text);
    if (binding->peers)
        peers_sent(binding->peers);
}

static void send_out_new(struct channels *channels, enum channel to,
                         struct message_out out, json_t *content)
{
    struct binding *binding = &channels->bindings[to];
    struct error err;

    out.backlog = binding->backlog;
    if (message_send_new(binding->sock, channels->signer, &channels->session, out,
                         content, &err)
        < 0)
        refuse(channels, to, err.text);
    if (binding->peers)
        peers_sent(binding->peers);
}

/* Messages on IOPub have a topic; clients subscribe to "" and see them all. */
void channels_publish(struct channels *channels, const struct message_out *out)
{
    struct message_out copy = *out;

    copy.to_parent = false;
    if (!copy.topic)
        copy.topic = copy.type;
    welcome_all(channels);
    send_out(channels, CHANNEL_IOPUB, &copy);
}

void channels_publish_new(struct channels *channels, const char *type,
                          const struct message *parent, json_t *content)
{
    struct message_out out = { .type = type, .parent = parent, .topic = type };

    welcome_all(channels);
    send_out_new(channels, CHANNEL_IOPUB, out, content);
}

void channels_reply(struct channels *channels, enum channel to,
                    const struct message_out *out)
{
    struct message_out copy = *out;

    assert(out->parent);
    copy.to_parent = true;
    copy.topic = NULL;
    send_out(channels, to, &copy);
}

void channels_reply_new(struct channels *channels, enum channel to,
                        const struct message *request, const char *type,
                        json_t *content)
{
    struct message_out out = { .type = type, .parent = request, .to_parent = true };

    send_out_new(channels, to, out, content);
}

void channels_status(struct channels *channels, const struct message *parent,
                     const char *state)
{
    channels_publish_new(channels, "status", parent,
                         json_pack("{s:s}", "execution_state", state));
}
