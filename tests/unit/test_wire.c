/* test_wire.c - what front and keepers say */
#include "kernel/wire/wire.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

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
        'R', 'B', 'K', '1', 2, 0, WIRE_STREAM, 0, 3, 0, 0, 0, 2,
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
        { 4, 1, "another version" },
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

/* ---- messages ---- */

static struct buf bytes;
static struct wire_reader *reader;
static const struct wire_message *msg;

static const struct wire_frame body[] = { { "stdout", 6 }, { "a\0b\n\n", 5 } };

static void begin(enum wire_side side)
{
    wire_reader_destroy(reader);
    reader = wire_reader_create(side);
    buf_reset(&bytes);
    strcpy(err.text, "untouched");
}

static const struct wire_message *next(void)
{
    return msg = wire_reader_next(reader, &err);
}

/* Adds what is in 'bytes', with one of them changed. */
static void add_changed(size_t offset, int by)
{
    bytes.data[offset] = (char)(bytes.data[offset] + by);
    wire_reader_add(reader, bytes.data, bytes.size);
}

static void check_messages(void)
{
    struct wire_frame frame;

    begin(WIRE_OF_KEEPER);
    ok(!next() && !err.text[0], "nothing there is no error");
    wire_encode(&bytes, stream, body, 2);
    is_int((long long)bytes.size, WIRE_HEADER_SIZE + 2 * 8 + 11 + 2,
           "a message is its header, the sizes, the frames and their ends");
    wire_reader_add(reader, bytes.data, bytes.size);
    ok(next() != NULL, "a message of a keeper is read");
    is_int(wire_message_header(msg)->rank, 3, "with its header");
    is_str(wire_message_frame(msg, 0).data, "stdout", "a frame is followed by a NUL");
    frame = wire_message_frame(msg, 1);
    ok(frame.size == 5 && !memcmp(frame.data, "a\0b\n\n", 6), "and may hold one");
    ok(!next() && !err.text[0], "there is one");

    begin(WIRE_OF_FRONT);
    wire_encode(&bytes, (struct wire_header){ .type = WIRE_PING }, NULL, 0);
    wire_encode(&bytes, (struct wire_header){ .type = WIRE_RUN, .cell = 6 },
                (struct wire_frame[]){ { NULL, 0 }, { "1 + 1", 5 } }, 2);
    wire_reader_add(reader, bytes.data, bytes.size);
    ok(next() && wire_message_header(msg)->type == WIRE_PING, "one without frames");
    ok(next() && wire_message_header(msg)->length == 5, "the length is filled in");
    ok(wire_message_frame(msg, 0).size == 0, "a frame can be empty");
    is_str(wire_message_frame(msg, 1).data, "1 + 1", "the next one is not");
}

/* However the bytes are cut, the same messages come. */
static void check_pieces(void)
{
    bool alike = true;

    for (size_t piece = 1; piece < 100; piece++) {
        int count = 0;

        begin(WIRE_OF_KEEPER);
        for (int i = 0; i < 3; i++)
            wire_encode(&bytes, stream, body, 2);
        for (size_t at = 0; at < bytes.size; at += piece) {
            size_t left = bytes.size - at;

            wire_reader_add(reader, bytes.data + at, left < piece ? left : piece);
            while (next())
                count += !strcmp(wire_message_frame(msg, 0).data, "stdout");
            alike = alike && !err.text[0];
        }
        alike = alike && count == 3;
    }
    ok(alike, "in pieces of 1 to 99 bytes");
}

static void check_refusals(void)
{
    const size_t sizes = WIRE_HEADER_SIZE, frames = sizes + 2 * 8;
    static const struct {
        const char *what;
        size_t offset;
        int by;
    } bad[] = {
        { "a wrong header", 0, 1 },
        { "a length that is too large", 24, 1 },
        { "a length that is too small", 24, -1 },
        { "a frame that is too long", WIRE_HEADER_SIZE, 1 },
        { "the last one too", WIRE_HEADER_SIZE + 8, 1 },
        { "one that is too short", WIRE_HEADER_SIZE + 8, -1 },
        { "an absurd one", WIRE_HEADER_SIZE + 7, 1 },
        { "one without its end", WIRE_HEADER_SIZE + 16 + 6, 'x' },
        { "nor has the last", WIRE_HEADER_SIZE + 16 + 12, 'x' },
    };

    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        begin(WIRE_OF_KEEPER);
        wire_encode(&bytes, stream, body, 2);
        add_changed(bad[i].offset, bad[i].by);
        ok(!next() && err.text[0], "refused: %s (%s)", bad[i].what, err.text);
        ok(!next() && err.text[0], "for ever");
    }
    begin(WIRE_OF_FRONT);
    wire_encode(&bytes, stream, body, 2);
    wire_reader_add(reader, bytes.data, frames);
    next();
    is_str(err.text, "STREAM from the wrong side", "a keeper hears the front only");
    begin(WIRE_OF_KEEPER);
    wire_encode(&bytes, (struct wire_header){ .type = WIRE_PING }, NULL, 0);
    wire_reader_add(reader, bytes.data, bytes.size);
    next();
    is_str(err.text, "PING from the wrong side", "and the front keepers only");
    begin(WIRE_OF_KEEPER);
    wire_reader_limit(reader, 10);
    wire_encode(&bytes, stream, body, 2);
    wire_reader_add(reader, bytes.data, sizes);
    next();
    is_str(err.text, "STREAM of 11 bytes", "a long one, before it comes");
    begin(WIRE_OF_FRONT);
    wire_encode(&bytes, (struct wire_header){ .type = WIRE_RUN },
                (struct wire_frame[WIRE_FRAMES_MAX]){ { "{}", 2 } }, WIRE_FRAMES_MAX);
    wire_reader_add(reader, bytes.data, bytes.size);
    ok(next() != NULL, "as many frames as there can be");
}

static void check_fill(void)
{
    static char large[300000];
    struct wire_frame frames[] = { { "stdout", 6 }, { large, sizeof(large) } };
    size_t written = 0;
    int pair[2], rc = 1;

    begin(WIRE_OF_KEEPER);
    wire_encode(&bytes, stream, frames, 2);
    if (pipe2(pair, O_CLOEXEC | O_NONBLOCK) < 0)
        return;
    is_int(wire_reader_fill(reader, pair[0], &err), 1, "nothing yet is no end");
    while (rc == 1 && !next()) {
        ssize_t count = write(pair[1], bytes.data + written, bytes.size - written);

        if (count > 0)
            written += (size_t)count;
        rc = wire_reader_fill(reader, pair[0], &err);
    }
    ok(msg && wire_message_frame(msg, 1).size == sizeof(large),
       "a message is larger than a pipe");
    close(pair[1]);
    is_int(wire_reader_fill(reader, pair[0], &err), 0, "the end is found");
    close(pair[0]);
    is_int(wire_reader_fill(reader, pair[0], &err), -1, "an error too");
    is_str(err.text, "read: Bad file descriptor", "with its reason");
    wire_reader_destroy(reader);
    wire_reader_destroy(NULL);
    buf_clear(&bytes);
}

int main(void)
{
    check_header();
    check_refused_headers();
    check_messages();
    check_pieces();
    check_refusals();
    check_fill();
    return done_testing();
}
