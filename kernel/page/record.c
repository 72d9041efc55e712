/* record.c - what keeper and interpreter say over their socketpair */
#include "kernel/page/record.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "kernel/base/mem.h"

#define MAGIC 0x31524252u /* "RBR1" */
#define HEAD_SIZE 16
#define SIZE_SIZE 8
#define RECORD_LENGTH_MAX (UINT64_C(1) << 40)

/* One read; a large record is read in larger and larger ones. */
#define READ_MIN (64 * 1024)
#define READ_MAX (4 * 1024 * 1024)

/* A buffer that one large record has left behind is given back above this. */
#define KEEP_MAX (1024 * 1024)

#define ANY RECORD_FRAMES_MAX

static const struct {
    const char *name; /* NULL: no such type */
    uint32_t frames_min;
    uint32_t frames_max;
} types[] = {
    [RECORD_RUN] = { "RUN", 2, ANY },
    [RECORD_ASK] = { "ASK", 3, 3 },
    [RECORD_INPUT_REPLY] = { "INPUT_REPLY", 1, 2 },
    [RECORD_STOP] = { "STOP", 0, 0 },
    [RECORD_HEAL] = { "HEAL", 0, 0 },
    [RECORD_READY] = { "READY", 1, 1 },
    [RECORD_STREAM] = { "STREAM", 2, 2 },
    [RECORD_DISPLAY] = { "DISPLAY", 2, ANY },
    [RECORD_RESULT] = { "RESULT", 1, 1 },
    [RECORD_COMM] = { "COMM", 3, ANY },
    [RECORD_INPUT] = { "INPUT", 1, 1 },
    [RECORD_ANSWER] = { "ANSWER", 1, 1 },
    [RECORD_DONE] = { "DONE", 1, 1 },
    [RECORD_HEALED] = { "HEALED", 1, 1 },
    [RECORD_DEBUG] = { "DEBUG", 1, 1 },
};

#define TYPE_COUNT (sizeof(types) / sizeof(types[0]))

static bool is_type(unsigned type)
{
    return type < TYPE_COUNT && types[type].name;
}

const char *record_type_name(enum record_type type)
{
    return is_type((unsigned)type) ? types[type].name : "?";
}

/* ---- out ---- */

static void add_number(struct buf *out, uint64_t value, int bytes)
{
    char text[8];

    for (int i = 0; i < bytes; i++)
        text[i] = (char)(value >> (8 * i));
    buf_add(out, text, (size_t)bytes);
}

void record_header_encode(struct buf *out, enum record_type type, uint64_t cell,
                          const struct record_frame *frames, uint32_t count)
{
    assert(count <= RECORD_FRAMES_MAX);
    add_number(out, MAGIC, 4);
    add_number(out, type, 2);
    add_number(out, count, 2);
    add_number(out, cell, 8);
    for (uint32_t i = 0; i < count; i++)
        add_number(out, frames[i].size, SIZE_SIZE);
}

void record_encode(struct buf *out, enum record_type type, uint64_t cell,
                   const struct record_frame *frames, uint32_t count)
{
    record_header_encode(out, type, cell, frames, count);
    for (uint32_t i = 0; i < count; i++)
        buf_add(out, frames[i].data, frames[i].size);
}

/* Sends part of what is left; the number of bytes, or -1 with errno. */
static ssize_t send_some(int fd, struct iovec *parts, size_t count)
{
    struct msghdr msg = { .msg_iov = parts,
                          .msg_iovlen = count < IOV_MAX ? count : IOV_MAX };
    struct pollfd ready = { .fd = fd, .events = POLLOUT };
    ssize_t size;

    for (;;) {
        /* a reader that is gone is an error, not a signal */
        size = sendmsg(fd, &msg, MSG_NOSIGNAL);
        if (size >= 0)
            return size;
        if (errno == EAGAIN)
            poll(&ready, 1, -1);
        else if (errno != EINTR)
            return -1;
    }
}

int record_write(int fd, enum record_type type, uint64_t cell,
                 const struct record_frame *frames, uint32_t count, struct error *err)
{
    struct iovec *parts = xcalloc(count + 1, sizeof(*parts)), *part = parts;
    struct iovec *const end = parts + count + 1;
    struct buf head = { 0 };
    ssize_t size;
    int rc = 0;

    record_header_encode(&head, type, cell, frames, count);
    parts[0] = (struct iovec){ head.data, head.size };
    for (uint32_t i = 0; i < count; i++)
        parts[i + 1] = (struct iovec){ (void *)frames[i].data, frames[i].size };
    while (part < end) {
        if ((size = send_some(fd, part, (size_t)(end - part))) < 0) {
            rc =
                error_set(err, "write %s: %s", record_type_name(type), strerror(errno));
            break;
        }
        for (; part < end && (size_t)size >= part->iov_len; part++)
            size -= (ssize_t)part->iov_len;
        if (part < end) {
            part->iov_base = (char *)part->iov_base + size;
            part->iov_len -= (size_t)size;
        }
    }
    buf_clear(&head);
    free(parts);
    return rc;
}

/* ---- in ---- */

int record_reader_fill(struct record_reader *reader, int fd, struct error *err)
{
    struct buf *in = &reader->in;
    size_t room;
    ssize_t size;

    buf_remove(in, reader->used);
    reader->used = 0;
    if (!in->size && in->capacity > KEEP_MAX)
        buf_clear(in);
    room = in->size < READ_MIN ? READ_MIN : in->size > READ_MAX ? READ_MAX : in->size;
    do
        size = read(fd, buf_reserve(in, room), room);
    while (size < 0 && errno == EINTR);
    if (size < 0 && errno == EAGAIN)
        return 1;
    /* the other end was closed, or killed, with records unread */
    if (size == 0 || (size < 0 && errno == ECONNRESET))
        return 0;
    if (size < 0)
        return error_set(err, "read a record: %s", strerror(errno));
    in->size += (size_t)size;
    return 1;
}

static uint64_t get(const char *data, int bytes)
{
    uint64_t value = 0;

    for (int i = 0; i < bytes; i++)
        value |= (uint64_t)(unsigned char)data[i] << (8 * i);
    return value;
}

/* Checks a whole head of a record with its sizes; their sum, or -1 with 'err'. */
static int64_t check_sizes(const char *data, unsigned type, uint32_t count,
                           struct error *err)
{
    uint64_t length = 0, size;

    for (uint32_t i = 0; i < count; i++) {
        size = get(data + HEAD_SIZE + SIZE_SIZE * i, SIZE_SIZE);
        if (size > RECORD_LENGTH_MAX || (length += size) > RECORD_LENGTH_MAX)
            return error_set(err, "%s is too large", types[type].name);
    }
    return (int64_t)length;
}

/* One block: the record, its frames, their bytes, each with a NUL. */
static struct record *make_record(const char *data, unsigned type, uint32_t count,
                                  uint64_t length)
{
    size_t head = sizeof(struct record) + count * sizeof(struct record_frame);
    const char *from = data + HEAD_SIZE + SIZE_SIZE * count;
    struct record *record = xmalloc(head + length + count);
    char *to = (char *)record + head;

    record->type = (enum record_type)type;
    record->cell = get(data + 8, 8);
    record->count = count;
    record->frames = (struct record_frame *)(record + 1);
    for (uint32_t i = 0; i < count; i++) {
        size_t size = get(data + HEAD_SIZE + SIZE_SIZE * i, SIZE_SIZE);

        record->frames[i] = (struct record_frame){ to, size };
        memcpy(to, from, size);
        to[size] = '\0';
        to += size + 1;
        from += size;
    }
    return record;
}

struct record *record_reader_next(struct record_reader *reader, struct error *err)
{
    size_t left = reader->in.size - reader->used;
    const char *data = left ? reader->in.data + reader->used : "";
    struct record *record;
    int64_t length;
    uint32_t count;
    unsigned type;

    assert(err);
    err->text[0] = '\0';
    if (left < HEAD_SIZE)
        return NULL;
    type = (unsigned)get(data + 4, 2);
    count = (uint32_t)get(data + 6, 2);
    if (get(data, 4) != MAGIC)
        error_set(err, "no record: wrong magic number");
    else if (!is_type(type))
        error_set(err, "a record of unknown type %u", type);
    else if (count < types[type].frames_min || count > types[type].frames_max)
        error_set(err, "%s with %u frames", types[type].name, count);
    if (err->text[0] || left < HEAD_SIZE + SIZE_SIZE * count)
        return NULL;
    if ((length = check_sizes(data, type, count, err)) < 0
        || left - HEAD_SIZE - SIZE_SIZE * count < (uint64_t)length)
        return NULL;
    record = make_record(data, type, count, (uint64_t)length);
    reader->used += HEAD_SIZE + SIZE_SIZE * count + (size_t)length;
    return record;
}

void record_reader_clear(struct record_reader *reader)
{
    buf_clear(&reader->in);
    reader->used = 0;
}

void record_destroy(struct record *record)
{
    free(record);
}
