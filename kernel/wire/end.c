/* end.c - one end of the wire: a stream socket in a loop */
#include "kernel/wire/end.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "kernel/base/mem.h"
#include "kernel/base/platform.h"

#define FULL 65536 /* bytes that wait to be sent */

/* A buffer that one large message has left behind is given back above this. */
#define KEEP_MAX (1024 * 1024)

struct wire_end {
    struct loop *loop;
    struct wire_end_calls calls;
    int fd;
    struct wire_reader *reader;
    struct loop_watch *watch;     /* NULL once it is closed */
    struct loop_watch *watch_out; /* while something waits to be sent */
    struct loop_watch *resumed;   /* what was read before a pause is given out */
    struct buf out;
    size_t sent; /* bytes of 'out' that have gone */
    bool is_paused;
    bool is_full;
    bool is_broken;  /* nothing can be sent any more */
    bool is_reading; /* a callback of ours is under way */
    bool is_dead;    /* and has destroyed us */
};

/* ---- sending ---- */

static size_t waiting(const struct wire_end *end)
{
    return end->out.size - end->sent;
}

static void forget_sent(struct wire_end *end)
{
    struct buf *out = &end->out;

    /* Not at every step: what is left may be large. */
    if (end->sent > out->size / 2) {
        buf_remove(out, end->sent);
        end->sent = 0;
    }
    if (out->size == 0 && out->capacity > KEEP_MAX)
        buf_clear(out);
}

/* As much as the socket takes. */
static void flush(struct wire_end *end)
{
    ssize_t count;

    while (waiting(end) > 0) {
        count = send(end->fd, end->out.data + end->sent, waiting(end),
                     MSG_DONTWAIT | MSG_NOSIGNAL);
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            break;
        if (count < 0) { /* reading finds out that nobody is there */
            end->is_broken = true;
            end->sent = end->out.size;
        } else {
            end->sent += (size_t)count;
        }
    }
    forget_sent(end);
}

static void tell_full(struct wire_end *end, bool is_full)
{
    if (end->is_full == is_full)
        return;
    end->is_full = is_full;
    if (end->calls.full)
        end->calls.full(is_full, end->calls.arg);
}

static void on_writable(struct loop *loop, void *arg)
{
    struct wire_end *end = arg;

    flush(end);
    if (waiting(end) > 0)
        return;
    loop_remove(loop, end->watch_out);
    end->watch_out = NULL;
    tell_full(end, false);
}

int wire_end_send(struct wire_end *end, struct wire_header header,
                  const struct wire_frame *frames, uint32_t count)
{
    if (end->is_broken)
        return -1;
    wire_encode(&end->out, header, frames, count);
    if (!end->watch_out)
        flush(end);
    if (waiting(end) > 0 && !end->watch_out)
        end->watch_out = loop_add_fd_out(end->loop, end->fd, on_writable, end);
    if (waiting(end) > FULL)
        tell_full(end, true);
    return end->is_broken ? -1 : 0;
}

void wire_end_linger(struct wire_end *end, int ms)
{
    int64_t until = loop_now() + ms, left;
    struct pollfd item = { .fd = end->fd, .events = POLLOUT };

    while (waiting(end) > 0 && (left = until - loop_now()) > 0) {
        poll(&item, 1, (int)left);
        flush(end);
    }
}

/* ---- reading ---- */

static void finish(struct wire_end *end)
{
    loop_remove(end->loop, end->watch);
    loop_remove(end->loop, end->watch_out);
    loop_remove(end->loop, end->resumed);
    end->watch = end->watch_out = end->resumed = NULL;
    end->is_broken = true;
}

/* Gives out what has come, up to a pause.  -1: 'err' has come. */
static int deliver(struct wire_end *end, struct error *err)
{
    const struct wire_message *msg;

    err->text[0] = '\0';
    while (!end->is_paused && !end->is_dead
           && (msg = wire_reader_next(end->reader, err)))
        end->calls.message(msg, end->calls.arg);
    return err->text[0] ? -1 : 0;
}

static void on_readable(struct loop *loop, void *arg)
{
    struct wire_end *end = arg;
    struct error err = { "" }, refusal;
    int rc = wire_reader_fill(end->reader, end->fd, &err);

    end->is_reading = true;
    if (deliver(end, &refusal) < 0) {
        err = refusal;
        rc = -1;
    }
    if (rc <= 0 && !end->is_dead && !end->is_paused) { /* or it comes again */
        finish(end);
        end->calls.closed(rc < 0 ? err.text : "it has hung up", end->calls.arg);
    }
    end->is_reading = false;
    if (end->is_dead)
        wire_end_destroy(end);
}

static void on_resumed(struct loop *loop, void *arg)
{
    struct wire_end *end = arg;

    end->resumed = NULL;
    on_readable(loop, arg);
}

void wire_end_pause(struct wire_end *end, bool is_paused)
{
    if (!end->watch || end->is_paused == is_paused)
        return;
    end->is_paused = is_paused;
    loop_watch_pause(end->watch, is_paused);
    if (is_paused)
        loop_remove(end->loop, end->resumed);
    end->resumed = is_paused ? NULL : loop_add_timer(end->loop, 0, 0, on_resumed, end);
}

void wire_end_limit(struct wire_end *end, uint64_t length)
{
    wire_reader_limit(end->reader, length);
}

/* ---- life ---- */

struct wire_end *wire_end_create(struct loop *loop, int fd, enum wire_side from,
                                 const struct wire_end_calls *calls)
{
    struct wire_end *end = xcalloc(1, sizeof(*end));

    end->loop = loop;
    end->calls = *calls;
    end->fd = fd;
    end->reader = wire_reader_create(from);
    platform_set_nonblock(fd);
    end->watch = loop_add_fd(loop, fd, on_readable, end);
    return end;
}

void wire_end_destroy(struct wire_end *end)
{
    if (!end)
        return;
    finish(end);
    if (end->is_reading) { /* on_readable() comes back here */
        end->is_dead = true;
        return;
    }
    close(end->fd);
    wire_reader_destroy(end->reader);
    buf_clear(&end->out);
    free(end);
}
