/* test_wire.c - what front and keepers say */
#include "kernel/wire/wire.h"

#include <poll.h>
#include <stdlib.h>
#include <zmq.h>

#include "tests/unit/tap.h"

static unsigned char head[WIRE_HEADER_SIZE];
static struct wire_header got;
static struct error err;

static const struct wire_header stream = {
    .type = WIRE_STREAM, .rank = 3, .frames = 2, .cell = 7, .length = 11
};

static void check_header(void)
{
    static const unsigned char want[WIRE_HEADER_SIZE] = {
        'R', 'B', 'K', '1', 1, 0, WIRE_STREAM, 0, 3, 0, 0, 0, 2,
        0,   0,   0,   7,   0, 0, 0,           0, 0, 0, 0, 11
    };
    struct wire_header none = stream;

    wire_header_encode(&stream, head);
    ok(!memcmp(head, want, sizeof(want)), "a header is these 40 bytes");
    is_int(wire_header_decode(head, sizeof(head), &got, &err), 0, "and is read");
    ok(got.type == WIRE_STREAM && got.rank == 3 && got.frames == 2 && got.cell == 7
           && got.length == 11,
       "as it was written");
    none.rank = -1;
    none.cell = UINT64_MAX;
    wire_header_encode(&none, head);
    ok(!wire_header_decode(head, sizeof(head), &got, NULL) && got.rank == -1
           && got.cell == UINT64_MAX,
       "no rank, and the largest cell");
    is_str(wire_type_name(WIRE_RUN), "RUN", "a type has a name");
    is_str(wire_type_name(WIRE_USAGE), "USAGE", "the last one too");
    is_str(wire_type_name((enum wire_type)0), "?", "no type has none");
    is_str(wire_type_name((enum wire_type)20), "?", "nor has one in the gap");
    is_str(wire_type_name((enum wire_type) - 1), "?", "nor a negative one");
}

static void check_refused_headers(void)
{
    static const struct {
        int offset;
        unsigned char byte;
        const char *what;
    } bad[] = {
        { 0, 'X', "wrong magic" },
        { 4, 2, "another version" },
        { 6, 0, "type 0" },
        { 6, 31, "a type in the gap" },
        { 6, 200, "an unknown type" },
        { 7, 1, "a type above 255" },
        { 11, 0x40, "a rank too high" },
        { 11, 0x80, "a rank too low" },
        { 12, 3, "too many frames" },
        { 12, 1, "too few frames" },
        { 15, 0xff, "absurd frames" },
        { 30, 1, "an absurd length" },
        { 32, 1, "reserved bits" },
        { 39, 1, "reserved bits at the end" },
    };
    struct wire_header kept = { .cell = 99 };

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        wire_header_encode(&stream, head);
        head[bad[i].offset] = bad[i].byte;
        err.text[0] = '\0';
        ok(wire_header_decode(head, sizeof(head), &kept, &err) == -1 && err.text[0],
           "refused: %s", bad[i].what);
    }
    is_int((long long)kept.cell, 99, "a refused header leaves the output alone");
    wire_header_encode(&stream, head);
    for (size_t size = 0; size < sizeof(head); size++)
        if (!wire_header_decode(head, size, &kept, &err))
            ok(false, "a header of %zu bytes is refused", size);
    is_int(wire_header_decode("", 0, &kept, NULL), -1, "an empty one is refused");
    wire_header_encode(&(struct wire_header){ .type = WIRE_STOP, .length = 1 }, head);
    is_int(wire_header_decode(head, sizeof(head), &kept, &err), -1,
           "bytes without frames are refused");
}

static struct wire_message *decode(int is_router, struct wire_header header,
                                   uint32_t count)
{
    static const struct wire_frame body[] = { { "stdout", 6 },
                                              { "a\0b\n\n", 5 },
                                              { "more", 4 } };
    struct wire_frame frames[5] = { { "id", 2 }, { head, sizeof(head) } };

    wire_header_encode(&header, head);
    memcpy(frames + 2, body, count * sizeof(*body));
    err.text[0] = '\0';
    return is_router ? wire_message_decode(frames, count + 2, 1, &err)
                     : wire_message_decode(frames + 1, count + 1, 0, &err);
}

static void check_decode(void)
{
    struct wire_header header = stream;
    struct wire_message *msg = decode(1, stream, 2);
    struct wire_frame frame;

    ok(msg != NULL, "a message of a keeper is read");
    is_int(wire_message_header(msg)->rank, 3, "with its header");
    frame = wire_message_sender(msg);
    ok(frame.size == 2 && !memcmp(frame.data, "id", 3), "and its sender");
    is_str(wire_message_frame(msg, 0).data, "stdout", "a frame is followed by a NUL");
    frame = wire_message_frame(msg, 1);
    ok(frame.size == 5 && !memcmp(frame.data, "a\0b\n\n", 6), "and may hold one");
    wire_message_destroy(msg);
    wire_message_destroy(NULL);

    ok(!decode(0, stream, 2), "a DEALER refuses what only keepers say");
    is_str(err.text, "STREAM from the wrong side", "and says so");
    header.type = WIRE_RUN;
    ok(!decode(1, header, 2), "a ROUTER refuses what only the front says");
    msg = decode(0, header, 2);
    ok(msg && wire_message_sender(msg).size == 0, "a DEALER's sender is empty");
    wire_message_destroy(msg);
    header = stream;
    header.length = 12;
    ok(!decode(1, header, 2), "a wrong length is refused");
    ok(!decode(1, stream, 1), "a missing frame is refused");
    ok(!decode(1, stream, 3), "a frame too many is refused");
    ok(!wire_message_decode(NULL, 0, 1, &err), "no frames are refused by a ROUTER");
    ok(!wire_message_decode(NULL, 0, 0, &err), "and by a DEALER");
    ok(!wire_message_decode(&(struct wire_frame){ "id", 2 }, 1, 1, &err),
       "a routing id alone is refused");
    header = (struct wire_header){ .type = WIRE_RUN, .frames = 1024 };
    wire_header_encode(&header, head);
    is_int(wire_header_decode(head, sizeof(head), &got, &err), 0,
           "as many buffers as there can be");
}

/* ---- over ZeroMQ ---- */

static void *ctx, *router, *dealer;

/* The next message of 'sock', which is on its way. */
static struct wire_message *await(void *sock, int is_router)
{
    zmq_pollitem_t item = { .socket = sock, .events = ZMQ_POLLIN };

    if (zmq_poll(&item, 1, 5000) != 1)
        return NULL;
    strcpy(err.text, "untouched");
    return wire_recv(sock, is_router, &err);
}

static void open_sockets(void)
{
    int linger = 0, mandatory = 1;

    ctx = zmq_ctx_new();
    router = zmq_socket(ctx, ZMQ_ROUTER);
    dealer = zmq_socket(ctx, ZMQ_DEALER);
    zmq_setsockopt(router, ZMQ_LINGER, &linger, sizeof(linger));
    zmq_setsockopt(dealer, ZMQ_LINGER, &linger, sizeof(linger));
    zmq_setsockopt(router, ZMQ_ROUTER_MANDATORY, &mandatory, sizeof(mandatory));
    zmq_bind(router, "inproc://wire");
    zmq_connect(dealer, "inproc://wire");
}

static void check_sockets(void)
{
    struct wire_frame run[] = { { "{}", 2 }, { "1 + 1", 5 } }, nobody = { "?", 1 }, to;
    struct wire_frame text[] = { { "stdout", 6 }, { NULL, 0 } };
    struct wire_header header = { .type = WIRE_STREAM, .rank = 1, .cell = 5 };
    struct wire_message *hello, *msg;

    ok(!wire_recv(router, 1, &err) && !err.text[0], "nothing there is no error");
    is_int(wire_send(dealer, NULL, header, text, 2, &err), 0, "a keeper speaks");
    hello = await(router, 1);
    ok(hello && wire_message_header(hello)->length == 6, "the length is filled in");
    ok(hello && wire_message_frame(hello, 1).size == 0, "a frame can be empty");
    to = wire_message_sender(hello);
    header = (struct wire_header){ .type = WIRE_RUN, .rank = 1, .cell = 6 };
    is_int(wire_send(router, &to, header, run, 2, &err), 0, "the front answers");
    msg = await(dealer, 0);
    ok(msg && wire_message_header(msg)->type == WIRE_RUN, "it arrives");
    is_str(wire_message_frame(msg, 1).data, "1 + 1", "with its frames");
    wire_message_destroy(msg);
    header.type = WIRE_PING;
    is_int(wire_send(router, &to, header, NULL, 0, &err), 0, "without frames");
    msg = await(dealer, 0);
    ok(msg && wire_message_header(msg)->frames == 0, "it arrives too");
    wire_message_destroy(msg);
    wire_message_destroy(hello);
    is_int(wire_send(router, &nobody, header, NULL, 0, &err), -1,
           "a peer that is not there is an error");
    is_str(err.text, "send PING to rank 1: Host unreachable", "that says so");
}

static void check_junk(void)
{
    struct wire_header header = { .type = WIRE_ANSWER, .rank = 0 };
    struct wire_frame answer = { "{}", 2 };
    struct wire_message *msg;
    int i;

    zmq_send(dealer, "junk", 4, 0);
    ok(!await(router, 1) && err.text[0] && strcmp(err.text, "untouched"),
       "junk is refused with a reason");
    zmq_send(dealer, "", 0, 0);
    ok(!await(router, 1) && err.text[0], "an empty message is refused");
    for (i = 0; i < 3000; i++)
        zmq_send(dealer, "x", 1, ZMQ_SNDMORE);
    zmq_send(dealer, "x", 1, 0);
    ok(!await(router, 1), "3001 frames are refused");
    is_str(err.text, "a message of more than 1024 frames", "because they are so many");
    is_int(wire_send(dealer, NULL, header, &answer, 1, &err), 0, "after junk");
    msg = await(router, 1);
    ok(msg && wire_message_header(msg)->type == WIRE_ANSWER,
       "a message is read: the junk is gone whole");
    wire_message_destroy(msg);
}

static void check_full(void)
{
    static char no_socket[4096];
    struct wire_header header = { .type = WIRE_ANSWER, .rank = 0 };
    struct wire_frame answer = { "{}", 2 };
    void *lone = zmq_socket(ctx, ZMQ_DEALER);
    int linger = 0;

    zmq_setsockopt(lone, ZMQ_LINGER, &linger, sizeof(linger));
    is_int(wire_send(lone, NULL, header, &answer, 1, &err), -1, "nobody to send to");
    is_str(err.text, "send ANSWER to rank 0: its queue is full", "does not block");
    zmq_close(lone);
    ok(!wire_recv(no_socket, 1, &err) && err.text[0], "what is no socket is an error");
    zmq_close(dealer);
    zmq_close(router);
    zmq_ctx_term(ctx);
}

int main(void)
{
    check_header();
    check_refused_headers();
    check_decode();
    open_sockets();
    check_sockets();
    check_junk();
    check_full();
    return done_testing();
}
