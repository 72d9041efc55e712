/* link.c - the keeper's end of the wire
 *
 * When the socket takes no more, messages wait in memory and the owner is told to
 * read less from its interpreter; that fills the pipes, and a rank that floods is
 * slowed down instead of filling memory.
 */
#include "kernel/keeper/link.h"

#include <stdlib.h>
#include <string.h>

#include "kernel/base/mem.h"
#include "kernel/wire/end.h"
#include "kernel/wire/endpoint.h"

#define LINGER_MS 500 /* for the last words */
#define CHECK_MS 1000 /* the front's ping */

/* A front that ends takes the connection along.  One that is there may be busy for
 * seconds, with a message of 100 MB on a host that has other things to do. */
#define SILENCE_MS 30000

struct link {
    struct loop *loop;
    struct link_calls calls;
    int rank;
    struct wire_end *end;
    struct loop_watch *check;
    int64_t heard; /* when the front last said something */
};

static void on_message(const struct wire_message *msg, void *arg)
{
    struct link *link = arg;

    link->heard = loop_now();
    link->calls.message(msg, link->calls.arg);
}

static void on_full(bool is_full, void *arg)
{
    struct link *link = arg;

    link->calls.full(is_full, link->calls.arg);
}

static void on_closed(const char *reason, void *arg)
{
    struct link *link = arg;
    char *text = xasprintf("the connection to the front is gone (%s)", reason);

    link->calls.lost(text, link->calls.arg);
    free(text);
}

static void on_check(struct loop *loop, void *arg)
{
    struct link *link = arg;

    if (loop_now() - link->heard > SILENCE_MS)
        link->calls.lost("the front has been silent for 30 s", link->calls.arg);
}

void link_send(struct link *link, enum wire_type type, uint64_t cell,
               const struct wire_frame *frames, uint32_t count)
{
    struct wire_header header = { .type = type, .rank = link->rank, .cell = cell };

    wire_end_send(link->end, header, frames, count);
}

void link_send_text(struct link *link, enum wire_type type, uint64_t cell,
                    const char *text)
{
    struct wire_frame frame = { text, strlen(text) };

    link_send(link, type, cell, &frame, 1);
}

struct link *link_create(struct loop *loop, const char *endpoint, int rank,
                         const struct link_calls *calls, struct error *err)
{
    int fd = endpoint_connect(endpoint, err);
    struct link *link;

    if (fd < 0)
        return NULL;
    link = xcalloc(1, sizeof(*link));
    link->loop = loop;
    link->calls = *calls;
    link->rank = rank;
    link->heard = loop_now();
    link->end = wire_end_create(
        loop, fd, WIRE_OF_FRONT,
        &(struct wire_end_calls){ on_message, on_full, on_closed, link });
    link->check = loop_add_timer(loop, CHECK_MS, 1, on_check, link);
    return link;
}

void link_destroy(struct link *link)
{
    if (!link)
        return;
    loop_remove(link->loop, link->check);
    wire_end_linger(link->end, LINGER_MS);
    wire_end_destroy(link->end);
    free(link);
}
