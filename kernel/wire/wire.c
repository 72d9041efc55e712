/* wire.c - what front and keepers say: encode, decode, and over ZeroMQ */
#include "kernel/wire/wire.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

#include "kernel/base/mem.h"

#define MAGIC 0x314b4252u /* "RBK1" */
#define RANK_MAX 1048575

#define ANY WIRE_FRAMES_MAX

/* What follows the header of each type.  Types above WIRE_HELLO are the keepers'. */
static const struct {
    const char *name; /* NULL: no such type */
    uint32_t frames_min;
    uint32_t frames_max;
} types[] = {
    [WIRE_RUN] = { "RUN", 2, ANY },
    [WIRE_ASK] = { "ASK", 3, 3 },
    [WIRE_INTERRUPT] = { "INTERRUPT", 1, 1 },
    [WIRE_INPUT_REPLY] = { "INPUT_REPLY", 1, 2 },
    [WIRE_STOP] = { "STOP", 0, 0 },
    [WIRE_BYE] = { "BYE", 0, 0 },
    [WIRE_PING] = { "PING", 0, 0 },
    [WIRE_BUSY] = { "BUSY", 1, 1 },
    [WIRE_HOLD] = { "HOLD", 1, 1 },
    [WIRE_HEAL] = { "HEAL", 0, 0 },
    [WIRE_HELLO] = { "HELLO", 2, 2 },
    [WIRE_READY] = { "READY", 1, 1 },
    [WIRE_STREAM] = { "STREAM", 2, 2 },
    [WIRE_DISPLAY] = { "DISPLAY", 2, ANY },
    [WIRE_RESULT] = { "RESULT", 1, 1 },
    [WIRE_COMM] = { "COMM", 3, ANY },
    [WIRE_INPUT] = { "INPUT", 1, 1 },
    [WIRE_ANSWER] = { "ANSWER", 1, 1 },
    [WIRE_DONE] = { "DONE", 1, 1 },
    [WIRE_WAITING] = { "WAITING", 1, 1 },
    [WIRE_HEALED] = { "HEALED", 1, 1 },
    [WIRE_EXIT] = { "EXIT", 1, 1 },
    [WIRE_USAGE] = { "USAGE", 1, 1 },
    [WIRE_DEBUG] = { "DEBUG", 1, 1 },
};

#define TYPE_COUNT (sizeof(types) / sizeof(types[0]))

struct wire_message {
    struct wire_header header;
    struct wire_frame sender; /* of a ROUTER; both own their bytes */
    struct wire_frame *frames;
};

static bool is_type(unsigned type)
{
    return type < TYPE_COUNT && types[type].name;
}

const char *wire_type_name(enum wire_type type)
{
    return is_type((unsigned)type) ? types[type].name : "?";
}

/* ---- header ---- */

static void put(unsigned char *out, uint64_t value, int bytes)
{
    for (int i = 0; i < bytes; i++)
        out[i] = (unsigned char)(value >> (8 * i));
}

static uint64_t get(const unsigned char *in, int bytes)
{
    uint64_t value = 0;

    for (int i = 0; i < bytes; i++)
        value |= (uint64_t)in[i] << (8 * i);
    return value;
}

void wire_header_encode(const struct wire_header *header,
                        unsigned char out[WIRE_HEADER_SIZE])
{
    put(out + 0, MAGIC, 4);
    put(out + 4, WIRE_VERSION, 2);
    put(out + 6, header->type, 2);
    put(out + 8, (uint32_t)header->rank, 4);
    put(out + 12, header->frames, 4);
    put(out + 16, header->cell, 8);
    put(out + 24, header->length, 8);
    put(out + 32, 0, 8);
}

int wire_header_decode(const void *data, size_t size, struct wire_header *header,
                       struct error *err)
{
    const unsigned char *in = data;
    struct wire_header got;
    unsigned type, version;

    if (size != WIRE_HEADER_SIZE)
        return error_set(err, "a header of %zu bytes", size);
    if (get(in, 4) != MAGIC)
        return error_set(err, "no header: wrong magic number");
    if ((version = (unsigned)get(in + 4, 2)) != WIRE_VERSION)
        return error_set(err, "version %u, not %d", version, WIRE_VERSION);
    if (!is_type(type = (unsigned)get(in + 6, 2)))
        return error_set(err, "unknown type %u", type);
    got.type = (enum wire_type)type;
    got.rank = (int32_t)(uint32_t)get(in + 8, 4);
    got.frames = (uint32_t)get(in + 12, 4);
    got.cell = get(in + 16, 8);
    got.length = get(in + 24, 8);
    if (got.rank < -1 || got.rank > RANK_MAX)
        return error_set(err, "%s of rank %d", types[type].name, got.rank);
    if (got.frames < types[type].frames_min || got.frames > types[type].frames_max)
        return error_set(err, "%s with %u frames", types[type].name, got.frames);
    if (got.length > WIRE_LENGTH_MAX || (got.length && !got.frames))
        return error_set(err, "%s of %llu bytes", types[type].name,
                         (unsigned long long)got.length);
    if (get(in + 32, 8))
        return error_set(err, "%s with reserved bits set", types[type].name);
    *header = got;
    return 0;
}

/* ---- messages ---- */

const struct wire_header *wire_message_header(const struct wire_message *msg)
{
    return &msg->header;
}

struct wire_frame wire_message_frame(const struct wire_message *msg, uint32_t idx)
{
    assert(idx < msg->header.frames);
    return msg->frames[idx];
}

struct wire_frame wire_message_sender(const struct wire_message *msg)
{
    return msg->sender;
}

static void free_frames(struct wire_frame *frames, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        free((void *)frames[i].data);
    free(frames);
}

void wire_message_destroy(struct wire_message *msg)
{
    if (!msg)
        return;
    free((void *)msg->sender.data);
    free_frames(msg->frames, msg->header.frames);
    free(msg);
}

static struct wire_frame copy_frame(const void *data, size_t size)
{
    char *copy = xmalloc(size + 1);

    if (size)
        memcpy(copy, data, size);
    copy[size] = '\0';
    return (struct wire_frame){ copy, size };
}

/* Checks the header frame against what follows, and who may say it: a ROUTER
 * hears keepers, a DEALER hears the front. */
static int check_frames(const struct wire_frame *frames, uint32_t count, int is_router,
                        struct wire_header *header, struct error *err)
{
    uint64_t length = 0;

    if (!count)
        return error_set(err, "no header");
    if (wire_header_decode(frames[0].data, frames[0].size, header, err) < 0)
        return -1;
    if ((header->type >= WIRE_HELLO) != !!is_router)
        return error_set(err, "%s from the wrong side", wire_type_name(header->type));
    for (uint32_t i = 1; i < count; i++)
        length += frames[i].size;
    if (header->frames != count - 1 || header->length != length)
        return error_set(err, "%s: %u frames of %llu bytes, not %u of %llu",
                         wire_type_name(header->type), count - 1,
                         (unsigned long long)length, header->frames,
                         (unsigned long long)header->length);
    return 0;
}

/* Takes the frames (their array and bytes) when it succeeds. */
static struct wire_message *make_message(struct wire_frame *frames, uint32_t count,
                                         int is_router, struct error *err)
{
    uint32_t skip = is_router && count ? 1 : 0;
    struct wire_header header;
    struct wire_message *msg;

    if (check_frames(frames + skip, count - skip, is_router, &header, err) < 0)
        return NULL;
    msg = xcalloc(1, sizeof(*msg));
    msg->header = header;
    if (skip)
        msg->sender = frames[0];
    free((void *)frames[skip].data);
    memmove(frames, frames + skip + 1, header.frames * sizeof(*frames));
    msg->frames = frames;
    return msg;
}

struct wire_message *wire_message_decode(const struct wire_frame *frames,
                                         uint32_t count, int is_router,
                                         struct error *err)
{
    struct wire_frame *copies = xcalloc(count, sizeof(*copies));
    struct wire_message *msg;

    for (uint32_t i = 0; i < count; i++)
        copies[i] = copy_frame(frames[i].data, frames[i].size);
    if (!(msg = make_message(copies, count, is_router, err)))
        free_frames(copies, count);
    return msg;
}

/* ---- over ZeroMQ ---- */

static int send_frame(void *sock, const void *data, size_t size, int flags)
{
    int rc;

    do
        rc = zmq_send(sock, data, size, flags | ZMQ_DONTWAIT);
    while (rc < 0 && zmq_errno() == EINTR);
    return rc < 0 ? -1 : 0;
}

int wire_send(void *sock, const struct wire_frame *to, struct wire_header header,
              const struct wire_frame *frames, uint32_t count, struct error *err)
{
    unsigned char head[WIRE_HEADER_SIZE];
    uint32_t i;

    assert(count <= WIRE_FRAMES_MAX);
    header.frames = count;
    header.length = 0;
    for (i = 0; i < count; i++)
        header.length += frames[i].size;
    wire_header_encode(&header, head);
    if (to && send_frame(sock, to->data, to->size, ZMQ_SNDMORE) < 0)
        goto error;
    if (send_frame(sock, head, sizeof(head), count ? ZMQ_SNDMORE : 0) < 0)
        goto error;
    for (i = 0; i < count; i++)
        if (send_frame(sock, frames[i].data, frames[i].size,
                       i + 1 < count ? ZMQ_SNDMORE : 0)
            < 0)
            goto error;
    return 0;
error:
    return error_set(
        err, "send %s to rank %d: %s", wire_type_name(header.type), header.rank,
        zmq_errno() == EAGAIN ? "its queue is full" : zmq_strerror(zmq_errno()));
}

/* Receives one frame: 1 when more follow, 0 for the last, -1 with zmq_errno(). */
static int recv_frame(void *sock, struct wire_frame *frame)
{
    zmq_msg_t part;
    int rc;

    zmq_msg_init(&part);
    do
        rc = zmq_msg_recv(&part, sock, ZMQ_DONTWAIT);
    while (rc < 0 && zmq_errno() == EINTR);
    if (rc >= 0) {
        *frame = copy_frame(zmq_msg_data(&part), zmq_msg_size(&part));
        rc = zmq_msg_more(&part);
    }
    zmq_msg_close(&part);
    return rc;
}

struct wire_message *wire_recv(void *sock, int is_router, struct error *err)
{
    const uint32_t most = WIRE_FRAMES_MAX + 2; /* routing id, header, frames */
    struct wire_frame *frames = NULL, frame;
    struct wire_message *msg = NULL;
    uint32_t count = 0, capacity = 0;
    bool too_many = false;
    int more;

    assert(err);
    do {
        if ((more = recv_frame(sock, &frame)) < 0) {
            if (zmq_errno() == EAGAIN && !count)
                err->text[0] = '\0';
            else
                error_set(err, "receive: %s", zmq_strerror(zmq_errno()));
            goto done;
        }
        if (count == most) { /* the rest must still leave the socket */
            too_many = true;
            free((void *)frame.data);
            continue;
        }
        if (count == capacity) {
            capacity = capacity ? 2 * capacity : 8;
            frames = xrealloc(frames, capacity * sizeof(*frames));
        }
        frames[count++] = frame;
    } while (more);
    if (too_many)
        error_set(err, "a message of more than %d frames", WIRE_FRAMES_MAX);
    else
        msg = make_message(frames, count, is_router, err);
done:
    if (!msg)
        free_frames(frames, count);
    return msg;
}
