/* test_client.c - a client against channels of our own */
#include "kernel/jupyter/client.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zmq.h>

#include "kernel/base/mem.h"
#include "kernel/jupyter/channels.h"
#include "kernel/jupyter/curve.h"
#include "tests/unit/tap.h"

#define LIMIT_MS 20000

struct test {
    void *ctx;
    struct loop *loop;
    struct connection connection;
    struct channels *channels;
    struct client *client;
    char id[MESSAGE_ID_SIZE];
    char log[512]; /* what the client received, a word each */
    int wanted;    /* as many messages */
};

static void on_request(enum channel from, struct message *msg, void *arg)
{
    struct test *test = arg;

    channels_status(test->channels, msg, "busy");
    if (!strcmp(message_type(msg), "ask"))
        channels_reply_new(test->channels, CHANNEL_STDIN, msg, "input_request",
                           json_object());
    channels_reply_new(test->channels, from, msg, "reply", json_object());
}

static void on_message(enum channel from, struct message *msg, void *arg)
{
    static const char *const names[] = { "shell", "control", "stdin", "iopub" };
    struct test *test = arg;
    char word[64];

    if (!strcmp(message_type(msg), "iopub_welcome")) {
        loop_stop(test->loop);
        return;
    }
    snprintf(word, sizeof(word), "%s:%s%s ", names[from], message_type(msg),
             strcmp(message_parent_id(msg), test->id) ? "?" : "");
    strncat(test->log, word, sizeof(test->log) - strlen(test->log) - 1);
    if (--test->wanted == 0)
        loop_stop(test->loop);
}

static void on_limit(struct loop *loop, void *arg)
{
    ok(false, "the event comes in time");
    loop_stop(loop);
}

static void run(struct test *test)
{
    struct loop_watch *limit = loop_add_timer(test->loop, LIMIT_MS, 0, on_limit, NULL);

    loop_run(test->loop);
    loop_remove(test->loop, limit);
}

static void ask(struct test *test, enum channel to, const char *type, int wanted)
{
    test->log[0] = '\0';
    test->wanted = wanted;
    is_int(client_send_new(test->client, to, type, json_object(), test->id, NULL), 0,
           "a request is sent");
    run(test);
}

static bool has(const struct test *test, const char *word)
{
    return strstr(test->log, word) != NULL;
}

/* Both ends use the pair of the connection file, where libzmq can. */
static void encrypt(struct connection *connection)
{
    char public[41], secret[41];

    if (!curve_is_there() || zmq_curve_keypair(public, secret) < 0)
        return;
    free(connection->curve_public);
    free(connection->curve_secret);
    connection->curve_public = xstrdup(public);
    connection->curve_secret = xstrdup(secret);
}

static const struct channels_calls calls = { .request = on_request };

int main(void)
{
    char dir[] = "/tmp/test_client.XXXXXX", *path;
    struct test test = { .ctx = zmq_ctx_new(), .loop = loop_create() };
    struct error err = { "" };

    if (!mkdtemp(dir))
        return 1;
    path = xasprintf("%s/k", dir);
    connection_init(&test.connection, "ipc", path);
    encrypt(&test.connection);
    test.client =
        client_create(test.ctx, test.loop, &test.connection, on_message, &test, NULL);
    ok(test.client, "a client may connect before the kernel binds");
    test.channels = channels_create(test.ctx, test.loop, &test.connection,
                                    CHANNELS_LIMIT, &calls, &test, &err);
    run(&test);
    ok(true, "and is welcomed when it has bound");
    /* what a kernel asks before stdin is connected goes nowhere */
    ask(&test, CHANNEL_STDIN, "hello", 2);
    ok(has(&test, "stdin:reply "), "stdin is connected too");
    ask(&test, CHANNEL_SHELL, "ask", 3);
    ok(has(&test, "shell:reply "), "the reply comes by shell: %s", test.log);
    ok(has(&test, "iopub:status "), "the status by iopub");
    ok(has(&test, "stdin:input_request "), "a question by stdin");
    ask(&test, CHANNEL_CONTROL, "interrupt_request", 2);
    ok(has(&test, "control:reply "), "control has a reply of its own");

    client_destroy(test.client);
    free(test.connection.scheme);
    test.connection.scheme = xstrdup("none");
    ok(!client_create(test.ctx, test.loop, &test.connection, on_message, &test, &err),
       "a client that cannot sign is none: %s", err.text);
    client_destroy(NULL);
    channels_destroy(test.channels);
    connection_clear(&test.connection);
    zmq_ctx_term(test.ctx);
    loop_destroy(test.loop);
    is_int(rmdir(dir), 0, "nothing is left behind");
    free(path);
    return done_testing();
}
