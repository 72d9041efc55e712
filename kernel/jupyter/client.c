/* client.c - the other end: a client of a kernel's channels */
#include "kernel/jupyter/client.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

#include "kernel/base/loop_zmq.h"
#include "kernel/base/mem.h"
#include "kernel/jupyter/curve.h"
#include "kernel/jupyter/sign.h"

/* What the kernel has not taken when the client goes, it never will. */
#define LINGER_MS 0

/* The kernel may bind after we have connected: it is there soon. */
#define RECONNECT_MS 5

struct link {
    struct client *client;
    enum channel channel;
    void *sock;
    struct loop_watch *watch;
};

struct client {
    struct loop *loop;
    struct signer *signer;
    struct session session;
    client_f call;
    void *arg;
    struct link links[CHANNEL_COUNT];
};

/* A watched process needs no heartbeat. */
static const struct {
    const char *name;
    int type;
} kinds[CHANNEL_COUNT] = {
    [CHANNEL_SHELL] = { "shell", ZMQ_DEALER },
    [CHANNEL_CONTROL] = { "control", ZMQ_DEALER },
    [CHANNEL_STDIN] = { "stdin", ZMQ_DEALER },
    [CHANNEL_IOPUB] = { "iopub", ZMQ_SUB },
    [CHANNEL_HEARTBEAT] = { NULL, 0 },
};

static void on_message(struct loop *loop, void *arg)
{
    struct link *from = arg;
    struct error err;
    struct message *msg = message_recv(from->sock, from->client->signer, &err);

    /* What is not signed by our kernel is not for us. */
    if (msg)
        from->client->call(from->channel, msg, from->client->arg);
    message_unref(msg);
}

static int set_option(void *sock, int option, int value)
{
    return zmq_setsockopt(sock, option, &value, sizeof(value));
}

static int set_options(void *sock, int type, const struct session *session)
{
    if (set_option(sock, ZMQ_LINGER, LINGER_MS) < 0
        || set_option(sock, ZMQ_SNDHWM, 0) < 0 || set_option(sock, ZMQ_RCVHWM, 0) < 0
        || set_option(sock, ZMQ_RECONNECT_IVL, RECONNECT_MS) < 0
        || set_option(sock, ZMQ_IPV6, 1) < 0)
        return -1;
    if (type == ZMQ_SUB)
        return zmq_setsockopt(sock, ZMQ_SUBSCRIBE, "", 0);
    /* The kernel asks for input under the identity of the request on shell. */
    return zmq_setsockopt(sock, ZMQ_ROUTING_ID, session->id, strlen(session->id));
}

static int connect_one(struct link *link, void *ctx,
                       const struct connection *connection, struct error *err)
{
    int type = kinds[link->channel].type;
    char *endpoint = connection_endpoint(connection, link->channel);
    int rc = 0;

    if (!(link->sock = zmq_socket(ctx, type))
        || set_options(link->sock, type, &link->client->session) < 0
        || curve_connect(link->sock, connection) < 0
        || zmq_connect(link->sock, endpoint) < 0)
        rc = error_set(err, "%s channel: connect %s: %s", kinds[link->channel].name,
                       endpoint, zmq_strerror(errno));
    free(endpoint);
    return rc;
}

struct client *client_create(void *ctx, struct loop *loop,
                             const struct connection *connection, client_f call,
                             void *arg, struct error *err)
{
    struct client *client = xcalloc(1, sizeof(*client));

    client->loop = loop;
    client->call = call;
    client->arg = arg;
    session_init(&client->session);
    if (!(client->signer = signer_create(connection->scheme, connection->key, err)))
        goto error;
    for (int i = 0; i < CHANNEL_COUNT; i++) {
        struct link *link = &client->links[i];

        *link = (struct link){ .client = client, .channel = i };
        if (!kinds[i].name)
            continue;
        if (connect_one(link, ctx, connection, err) < 0)
            goto error;
        link->watch = loop_add_zmq(loop, link->sock, on_message, link);
    }
    return client;
error:
    client_destroy(client);
    return NULL;
}

void client_destroy(struct client *client)
{
    if (!client)
        return;
    for (int i = 0; i < CHANNEL_COUNT; i++) {
        loop_remove(client->loop, client->links[i].watch);
        if (client->links[i].sock)
            zmq_close(client->links[i].sock);
    }
    signer_destroy(client->signer);
    free(client);
}

int client_send_new(struct client *client, enum channel to, const char *type,
                    json_t *content, char id[MESSAGE_ID_SIZE], struct error *err)
{
    struct message_out out = { .type = type, .id = id };

    message_id_make(id);
    return message_send_new(client->links[to].sock, client->signer, &client->session,
                            out, content, err);
}
