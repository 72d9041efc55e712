/* wire.c - what front and keepers say: encode and decode */
#include "kernel/wire/wire.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kernel/base/mem.h"

#define MAGIC 0x314b4252u /* "RBK1" */
#define RANK_MAX 1048575

#define ANY WIRE_FRAMES_MAX
#define SIZE_BYTES 8

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
    [WIRE_LOOK] = { "LOOK", 0, 0 },
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
    [WIRE_SEEN] = { "SEEN", 1, 1 },
};

#define TYPE_COUNT (sizeof(types) / sizeof(types[0]))

/* How much is read at once: as much as a message lacks, within these. */
#define READ_MIN 32768
#define READ_MAX 1048576

/* A buffer that one large message has left behind is given back above this. */
#define KEEP_MAX 1048576

struct wire_message {
    struct wire_header header;
    struct wire_frame *frames; /* they point into the reader's bytes */
    uint32_t capacity;
};

struct wire_reader {
    enum wire_side side;
    uint64_t length_max;
    struct buf in;
    size_t used;    /* bytes of 'in' that were given out */
    size_t missing; /* of the message that has begun; at least one */
    struct wire_message msg;
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

void wire_encode(struct buf *out, struct wire_header header,
                 const struct wire_frame *frames, uint32_t count)
{
    size_t head = WIRE_HEADER_SIZE + (size_t)count * SIZE_BYTES;
    unsigned char *at;

    assert(count <= WIRE_FRAMES_MAX);
    header.frames = count;
    header.length = 0;
    for (uint32_t i = 0; i < count; i++)
        header.length += frames[i].size;
    at = (unsigned char *)buf_reserve(out, head + header.length + count);
    wire_header_encode(&header, at);
    for (uint32_t i = 0; i < count; i++)
        put(at + WIRE_HEADER_SIZE + (size_t)i * SIZE_BYTES, frames[i].size, SIZE_BYTES);
    at += head;
    for (uint32_t i = 0; i < count; i++) {
        if (frames[i].size)
            memcpy(at, frames[i].data, frames[i].size);
        at += frames[i].size;
        *at++ = '\0';
    }
    out->size += head + header.length + count;
}

const struct wire_header *wire_message_header(const struct wire_message *msg)
{
    return &msg->header;
}

struct wire_frame wire_message_frame(const struct wire_message *msg, uint32_t idx)
{
    assert(idx < msg->header.frames);
    return msg->frames[idx];
}

/* ---- reading ---- */

struct wire_reader *wire_reader_create(enum wire_side side)
{
    struct wire_reader *reader = xcalloc(1, sizeof(*reader));

    reader->side = side;
    reader->length_max = WIRE_LENGTH_MAX;
    return reader;
}

void wire_reader_destroy(struct wire_reader *reader)
{
    if (!reader)
        return;
    buf_clear(&reader->in);
    free(reader->msg.frames);
    free(reader);
}

void wire_reader_limit(struct wire_reader *reader, uint64_t length)
{
    reader->length_max = length;
}

/* Not at every message: what is left may be large. */
static void forget_used(struct wire_reader *reader)
{
    struct buf *in = &reader->in;

    if (reader->used <= in->size / 2)
        return;
    buf_remove(in, reader->used);
    reader->used = 0;
    if (in->size == 0 && in->capacity > KEEP_MAX)
        buf_clear(in);
}

void wire_reader_add(struct wire_reader *reader, const void *data, size_t size)
{
    forget_used(reader);
    buf_add(&reader->in, data, size);
}

int wire_reader_fill(struct wire_reader *reader, int fd, struct error *err)
{
    size_t room = reader->missing;
    ssize_t count;

    forget_used(reader);
    room = room < READ_MIN ? READ_MIN : room > READ_MAX ? READ_MAX : room;
    do
        count = read(fd, buf_reserve(&reader->in, room), room);
    while (count < 0 && errno == EINTR);
    if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
        return 1;
    if (count < 0)
        return error_set(err, "read: %s", strerror(errno));
    reader->in.size += (size_t)count;
    return count > 0;
}

/* Checks the header against who may say it, and how much. */
static int check_header(const struct wire_reader *reader,
                        const struct wire_header *header, struct error *err)
{
    const char *name = wire_type_name(header->type);

    if ((header->type >= WIRE_HELLO) != (reader->side == WIRE_OF_KEEPER))
        return error_set(err, "%s from the wrong side", name);
    if (header->length > reader->length_max)
        return error_set(err, "%s of %llu bytes", name,
                         (unsigned long long)header->length);
    return 0;
}

static uint64_t frame_size(const unsigned char *sizes, uint32_t idx)
{
    return get(sizes + (size_t)idx * SIZE_BYTES, SIZE_BYTES);
}

/* The frames are as long together as the header says. */
static int check_sizes(const struct wire_header *header, const unsigned char *sizes,
                       struct error *err)
{
    uint64_t left = header->length;

    for (uint32_t i = 0; i < header->frames; i++) {
        if (frame_size(sizes, i) > left)
            goto error;
        left -= frame_size(sizes, i);
    }
    if (!left)
        return 0;
error:
    return error_set(err, "%s: its frames have not %llu bytes together",
                     wire_type_name(header->type), (unsigned long long)header->length);
}

/* The frames, which begin at 'at'.  Each ends with a NUL. */
static int take_frames(struct wire_message *msg, const unsigned char *sizes,
                       const unsigned char *at, struct error *err)
{
    uint32_t count = msg->header.frames;

    if (msg->capacity < count) {
        msg->capacity = count;
        msg->frames = xrealloc(msg->frames, count * sizeof(*msg->frames));
    }
    for (uint32_t i = 0; i < count; i++) {
        size_t size = frame_size(sizes, i);

        if (at[size])
            return error_set(err, "%s: a frame without its end",
                             wire_type_name(msg->header.type));
        msg->frames[i] = (struct wire_frame){ at, size };
        at += size + 1;
    }
    return 0;
}

/* Returns NULL: so many bytes must come first. */
static const struct wire_message *need(struct wire_reader *reader, size_t size,
                                       struct error *err)
{
    reader->missing = size - (reader->in.size - reader->used);
    err->text[0] = '\0';
    return NULL;
}

const struct wire_message *wire_reader_next(struct wire_reader *reader,
                                            struct error *err)
{
    size_t there = reader->in.size - reader->used, size = WIRE_HEADER_SIZE;
    struct wire_message *msg = &reader->msg;
    const unsigned char *at, *sizes;

    assert(err);
    reader->missing = 0;
    if (there < size)
        return need(reader, size, err);
    at = (const unsigned char *)reader->in.data + reader->used;
    if (wire_header_decode(at, WIRE_HEADER_SIZE, &msg->header, err) < 0
        || check_header(reader, &msg->header, err) < 0)
        return NULL;
    sizes = at + size;
    size += (size_t)msg->header.frames * SIZE_BYTES;
    if (there < size)
        return need(reader, size, err);
    if (check_sizes(&msg->header, sizes, err) < 0)
        return NULL;
    at = sizes + (size_t)msg->header.frames * SIZE_BYTES;
    size += msg->header.length + msg->header.frames;
    if (there < size)
        return need(reader, size, err);
    if (take_frames(msg, sizes, at, err) < 0)
        return NULL;
    reader->used += size;
    return msg;
}
