/* backlog.h - what was sent and is not taken yet
 *
 * libzmq queues for each reader what that has not read, and does not say how much
 * that is.  So each message has one frame that says when the last reader has it, or
 * has gone: by then libzmq lets go of its memory, on a thread of its own.
 */
#ifndef JUPYTER_BACKLOG_H
#define JUPYTER_BACKLOG_H

#include <stddef.h>
#include <stdint.h>
#include <zmq.h>

struct backlog;

struct backlog *backlog_create(void);

/* Accepts NULL.  Frames may outlive it. */
void backlog_destroy(struct backlog *backlog);

/* Makes 'frame', a copy of the 'size' bytes at 'data', that counts as 'weight' bytes
 * until it is closed everywhere. */
void backlog_frame_init(struct backlog *backlog, zmq_msg_t *frame, const void *data,
                        size_t size, size_t weight);

/* Bytes that wait; and how many have been taken in all. */
uint64_t backlog_size(const struct backlog *backlog);
uint64_t backlog_taken(const struct backlog *backlog);

#endif
