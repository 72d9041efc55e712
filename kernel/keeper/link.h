/* link.h - the keeper's end of the wire
 *
 * A connection to the front, and the watch over it: a front that has hung up, or says
 * nothing for 30 s (it pings once a second), is lost, and with it the kernel.
 */
#ifndef KEEPER_LINK_H
#define KEEPER_LINK_H

#include <stdbool.h>

#include "kernel/base/error.h"
#include "kernel/base/loop.h"
#include "kernel/wire/wire.h"

struct link;

struct link_calls {
    /* A message came; 'msg' is borrowed. */
    void (*message)(const struct wire_message *msg, void *arg);

    /* The wire is full: send less, until it is not.  What is sent all the
     * same is kept. */
    void (*full)(bool is_full, void *arg);

    /* The front is gone, with the reason. */
    void (*lost)(const char *reason, void *arg);
    void *arg;
};

/* 'calls' is copied.  NULL with 'err'. */
struct link *link_create(struct loop *loop, const char *endpoint, int rank,
                         const struct link_calls *calls, struct error *err);

/* Accepts NULL.  Last words get half a second to leave. */
void link_destroy(struct link *link);

/* Order is kept; nothing is dropped. */
void link_send(struct link *link, enum wire_type type, uint64_t cell,
               const struct wire_frame *frames, uint32_t count);

/* One frame of text. */
void link_send_text(struct link *link, enum wire_type type, uint64_t cell,
                    const char *text);

#endif
