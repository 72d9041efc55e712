/* link.h - the keeper's end of the wire
 *
 * A DEALER that is connected to the front's ROUTER, and the watch over it: a front
 * that says nothing for 4 s (it pings once a second), or whose connection is gone
 * for 2 s, is lost, and with it the kernel.
 */
#ifndef KEEPER_LINK_H
#define KEEPER_LINK_H

#include "kernel/base/error.h"
#include "kernel/base/loop.h"
#include "kernel/wire/wire.h"

struct link;

struct link_calls {
    /* A message came; 'msg' is borrowed. */
    void (*message)(const struct wire_message *msg, void *arg);

    /* A message was refused, with the reason. */
    void (*refused)(const char *reason, void *arg);

    /* The wire is full (1): send less, until it is not (0).  What is sent all the
     * same is kept. */
    void (*full)(int is_full, void *arg);

    /* The front is gone, with the reason. */
    void (*lost)(const char *reason, void *arg);
    void *arg;
};

/* 'calls' is copied.  NULL with 'err'. */
struct link *link_create(void *ctx, struct loop *loop, const char *endpoint, int rank,
                         const struct link_calls *calls, struct error *err);
void link_destroy(struct link *link);

/* Order is kept; nothing is dropped. */
void link_send(struct link *link, enum wire_type type, uint64_t cell,
               const struct wire_frame *frames, uint32_t count);

/* One frame of text. */
void link_send_text(struct link *link, enum wire_type type, uint64_t cell,
                    const char *text);

#endif
