/* end.h - one end of the wire: a stream socket in a loop
 *
 * Order is kept and nothing is dropped: what the socket does not take yet is kept
 * here, and the owner is told when that becomes much.
 */
#ifndef WIRE_END_H
#define WIRE_END_H

#include <stdbool.h>

#include "kernel/base/loop.h"
#include "kernel/wire/wire.h"

struct wire_end;

struct wire_end_calls {
    /* A message came; 'msg' is borrowed. */
    void (*message)(const struct wire_message *msg, void *arg);

    /* Much waits to be sent (true), or nothing any more (false).  May be NULL. */
    void (*full)(bool is_full, void *arg);

    /* The other side is gone, or has said what is no message: nothing comes any more,
     * and nothing leaves.  Called once, from the loop. */
    void (*closed)(const char *reason, void *arg);
    void *arg;
};

/* Takes 'fd'.  'from': whose words are read.  'calls' is copied. */
struct wire_end *wire_end_create(struct loop *loop, int fd, enum wire_side from,
                                 const struct wire_end_calls *calls);

/* Sends no more than the socket takes at once.  Accepts NULL, and may be called by the
 * end's own callbacks. */
void wire_end_destroy(struct wire_end *end);

/* Longer messages are refused: wire_reader_limit(). */
void wire_end_limit(struct wire_end *end, uint64_t length);

/* -1: the other side is gone. */
int wire_end_send(struct wire_end *end, struct wire_header header,
                  const struct wire_frame *frames, uint32_t count);

/* Reads and gives out nothing, until it may go on. */
void wire_end_pause(struct wire_end *end, bool is_paused);

/* Waits at most 'ms' until what was sent has left: for last words. */
void wire_end_linger(struct wire_end *end, int ms);

#endif
