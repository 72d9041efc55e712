/* records.c - the keeper's end of the record stream */
#include "kernel/keeper/records.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "kernel/base/buf.h"
#include "kernel/base/mem.h"
#include "kernel/base/platform.h"

/* A buffer that one large record has left behind is given back above this. */
#define KEEP_MAX (1024 * 1024)

struct records {
    struct loop *loop;
    struct records_calls calls;
    int fd;
    struct loop_watch *watch;
    struct loop_watch *watch_out; /* while 'out' is not empty */
    struct record_reader reader;
    struct buf out;
    size_t sent; /* bytes of 'out' that have gone */
};

static void stop_reading(struct records *records)
{
    loop_remove(records->loop, records->watch);
    records->watch = NULL;
}

/* Returns 0 when there may be more to read. */
static int read_some(struct records *records)
{
    struct error err = { "" };
    struct record *record;
    int rc = record_reader_fill(&records->reader, records->fd, &err);

    while ((record = record_reader_next(&records->reader, &err))) {
        records->calls.record(record, records->calls.arg);
        record_destroy(record);
    }
    if (rc > 0 && !err.text[0])
        return 0;
    stop_reading(records);
    if (err.text[0])
        records->calls.broken(err.text, records->calls.arg);
    return -1;
}

static void on_readable(struct loop *loop, void *arg)
{
    struct records *records = arg;

    records->calls.before(records->calls.arg);
    read_some(records);
    records->calls.after(records->calls.arg);
}

/* What is there can be more than one reading takes; the end of file ends it, and a
 * stream that is still open (a forked child may hold it) when nothing waits. */
void records_drain(struct records *records)
{
    char byte;

    records->calls.before(records->calls.arg);
    while (records->watch
           && recv(records->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) >= 0) {
        if (read_some(records) < 0)
            break;
    }
    records->calls.after(records->calls.arg);
}

struct records *records_create(struct loop *loop, int fd,
                               const struct records_calls *calls)
{
    struct records *records = xcalloc(1, sizeof(*records));

    records->loop = loop;
    records->calls = *calls;
    records->fd = fd;
    platform_set_nonblock(fd);
    records->watch = loop_add_fd(loop, fd, on_readable, records);
    return records;
}

void records_destroy(struct records *records)
{
    if (!records)
        return;
    stop_reading(records);
    loop_remove(records->loop, records->watch_out);
    record_reader_clear(&records->reader);
    buf_clear(&records->out);
    close(records->fd);
    free(records);
}

/* Sends as much as the socket takes; what is left waits for on_writable(). */
static void flush(struct records *records)
{
    struct buf *out = &records->out;
    ssize_t count;

    while (records->sent < out->size) {
        count = send(records->fd, out->data + records->sent, out->size - records->sent,
                     MSG_DONTWAIT | MSG_NOSIGNAL);
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            break;
        if (count < 0) /* the interpreter is gone; its exit says so */
            records->sent = out->size;
        else
            records->sent += (size_t)count;
    }
    /* Not at every step: what is left may be large. */
    if (records->sent > out->size / 2) {
        buf_remove(out, records->sent);
        records->sent = 0;
    }
    if (out->size == 0 && out->capacity > KEEP_MAX)
        buf_clear(out);
}

static void on_writable(struct loop *loop, void *arg)
{
    struct records *records = arg;

    flush(records);
    if (records->out.size > 0)
        return;
    loop_remove(loop, records->watch_out);
    records->watch_out = NULL;
}

void records_send(struct records *records, enum record_type type, uint64_t cell,
                  const struct record_frame *frames, uint32_t count)
{
    record_header_encode(&records->out, type, cell, frames, count);
    for (uint32_t i = 0; i < count; i++)
        buf_add(&records->out, frames[i].data, frames[i].size);
    if (records->watch_out)
        return;
    flush(records);
    if (records->out.size > 0)
        records->watch_out =
            loop_add_fd_out(records->loop, records->fd, on_writable, records);
}

void records_pause(struct records *records, int paused)
{
    if (records->watch)
        loop_watch_pause(records->watch, paused);
}
