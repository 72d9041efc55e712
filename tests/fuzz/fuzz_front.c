/* fuzz_front.c - what the front makes of content: of requests, and of what ranks say
 *
 * Lines of input are frames.  The first names what it is: a msg_type, with the
 * channel's number before it ("0execute_request"), or "@" and the number of a
 * wire_type ("@35" is a STREAM).  A request goes on with content, metadata, parent
 * header and buffers; what a rank says with its frames.
 */
#include <fcntl.h>
#include <sodium.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zmq.h>

#include "kernel/base/log.h"
#include "kernel/base/mem.h"
#include "kernel/base/order.h"
#include "kernel/front/dispatch.h"
#include "kernel/front/events.h"
#include "kernel/front/front.h"

#define LINES_MAX 16
#define INPUTS_MAX 500 /* then a new front: it remembers comms and displays */

struct line {
    const char *data;
    size_t size;
};

static char dir[] = "/tmp/fuzz_front.XXXXXX";
static void *ctx;
static int keeper;
static struct wire_reader *heard;
static struct loop *loop;
static struct front *front;
static struct signer *signer;
static uint64_t last_cell;
static int inputs, launcher;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void on_turn(struct loop *of, void *arg)
{
    loop_stop(of);
}

/* Lets happen what is due. */
static void turn(void)
{
    loop_add_timer(loop, 0, 0, on_turn, NULL);
    loop_run(loop);
}

static void say(enum wire_type type, const char *first, const char *second)
{
    struct wire_header header = { .type = type };
    struct wire_frame frames[] = { { first, strlen(first) },
                                   { second, second ? strlen(second) : 0 } };
    struct buf out = { 0 };

    wire_encode(&out, header, frames, second ? 2 : 1);
    if (send(keeper, out.data, out.size, MSG_NOSIGNAL) != (ssize_t)out.size)
        abort();
    buf_clear(&out);
}

static void open_front(void)
{
    char *path = xasprintf("%s/kernel.json", dir), *ip = xasprintf("%s/k", dir);
    char *wire = xasprintf("ipc://%s/wire", dir);
    struct front_config config = { .connection = path, .run = dir, .ranks = 1 };
    struct connection connection;
    struct order start;
    int pair[2];
    struct error err;

    connection_init(&connection, "ipc", ip);
    if (connection_write(path, &connection, &err) < 0
        || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
        abort();
    connection_clear(&connection);
    loop = loop_create();
    launcher = pair[0];
    config.launcher = pair[1];
    if (!(front = front_create(ctx, loop, &config, &err)))
        abort();
    if ((keeper = endpoint_connect(wire, &err)) < 0)
        abort();
    platform_set_nonblock(keeper);
    heard = wire_reader_create(WIRE_OF_FRONT);
    if (order_recv(launcher, &start, &err) < 1)
        abort();
    say(WIRE_HELLO, start.text, "{\"size\":1,\"host\":\"h\",\"pid\":1}");
    say(WIRE_READY, "{\"pid\":1,\"python\":\"3.11\"}", NULL);
    while (!cluster_is_ready(front->cluster))
        turn();
    free(path);
    free(ip);
    free(wire);
}

static void close_front(void)
{
    front_destroy(front);
    loop_destroy(loop);
    close(keeper);
    wire_reader_destroy(heard);
    close(launcher);
    last_cell = 0;
    front = NULL;
}

static void clean_up(void)
{
    char *path = xasprintf("%s/kernel.json", dir);

    if (front)
        close_front();
    signer_destroy(signer);
    zmq_ctx_term(ctx);
    unlink(path);
    free(path);
    path = xasprintf("%s/wire", dir);
    unlink(path);
    free(path);
    rmdir(dir);
}

static void set_up(void)
{
    if (sodium_init() < 0 || !mkdtemp(dir))
        abort();
    log_open("fuzz", "/dev/null");
    ctx = zmq_ctx_new();
    signer = signer_create("hmac-sha256", "", NULL);
    atexit(clean_up);
}

/* A header of our own, so that more than its syntax is tried. */
static void request(const struct line *lines, size_t count)
{
    enum channel from = lines[0].size ? (unsigned)lines[0].data[0] % 3 : 0;
    json_t *header = json_pack("{s:s, s:o}", "msg_id", "1", "msg_type",
                               message_text(lines[0].data + (lines[0].size > 0),
                                            lines[0].size - (lines[0].size > 0)));
    char *text = json_dumps(header, JSON_COMPACT);
    struct message_part frames[LINES_MAX + 6] = {
        { "me", 2 }, { "<IDS|MSG>", 9 }, { "", 0 },   { text, strlen(text) },
        { "{}", 2 }, { "{}", 2 },        { "{}", 2 },
    };
    static const int places[] = { 6, 5, 4 }; /* content, metadata, parent */
    struct error err;
    struct message *msg;
    bool is_end;

    for (size_t i = 1; i < count; i++)
        frames[i < 4 ? places[i - 1] : (int)i + 3] =
            (struct message_part){ lines[i].data, lines[i].size };
    if ((msg = message_decode(frames, count > 4 ? count + 3 : 7, signer, &err))) {
        is_end = !strcmp(message_type(msg), "shutdown_request");
        dispatch(front, from, msg);
        if (is_end)
            inputs = INPUTS_MAX;
    }
    message_unref(msg);
    json_decref(header);
    free(text);
}

/* Straight to where decoded messages of ranks arrive. */
static void rank_says(enum wire_type type, const struct line *lines, size_t count)
{
    struct wire_reader *reader = wire_reader_create(WIRE_OF_KEEPER);
    struct wire_header header = { .type = type, .cell = last_cell };
    struct wire_frame frames[LINES_MAX];
    const struct wire_message *msg;
    struct buf bytes = { 0 };
    struct error err;

    for (size_t i = 0; i < count; i++)
        frames[i] = (struct wire_frame){ lines[i].data, lines[i].size };
    wire_encode(&bytes, header, frames, (uint32_t)count);
    wire_reader_add(reader, bytes.data, bytes.size);
    if ((msg = wire_reader_next(reader, &err)))
        events.message(0, msg, front);
    wire_reader_destroy(reader);
    buf_clear(&bytes);
}

/* The rank ends at once what it is asked for. */
static void answer(const struct wire_header *asked)
{
    static const struct line ok = { "{\"status\":\"ok\"}", 15 };

    if (asked->type == WIRE_RUN || asked->type == WIRE_ASK)
        last_cell = asked->cell;
    if (asked->type == WIRE_RUN)
        rank_says(WIRE_DONE, &ok, 1);
    else if (asked->type == WIRE_ASK)
        rank_says(WIRE_ANSWER, &ok, 1);
    else if (asked->type == WIRE_HEAL)
        rank_says(WIRE_HEALED, &ok, 1);
}

static void rank_answers(void)
{
    const struct wire_message *msg;
    struct error err;

    if (wire_reader_fill(heard, keeper, &err) < 1)
        abort();
    while ((msg = wire_reader_next(heard, &err)))
        answer(wire_message_header(msg));
}

/* The number that follows the "@". */
static enum wire_type type_of(const struct line *line)
{
    int type = 0;

    for (size_t i = 1; i < line->size && i < 4; i++)
        type = 10 * type + (line->data[i] & 15);
    return (enum wire_type)type;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct line lines[LINES_MAX];
    size_t count = 0;

    if (!ctx)
        set_up();
    if (!front)
        open_front();
    while (size > 0 && count < LINES_MAX) {
        const uint8_t *end = memchr(data, '\n', size);
        size_t length = end ? (size_t)(end - data) : size;

        lines[count++] = (struct line){ (const char *)data, length };
        data += length + (end != NULL);
        size -= length + (end != NULL);
    }
    if (count > 0 && lines[0].size > 1 && lines[0].data[0] == '@')
        rank_says(type_of(&lines[0]), lines + 1, count - 1);
    else if (count > 0)
        request(lines, count);
    turn();
    rank_answers();
    turn();
    if (++inputs >= INPUTS_MAX) {
        inputs = 0;
        close_front();
    }
    return 0;
}
