/* queue.h - requests that wait for their turn */
#ifndef FRONT_QUEUE_H
#define FRONT_QUEUE_H

#include "kernel/jupyter/channels.h"

struct queue;

struct queue *queue_create(void);

/* Accepts NULL; lets go of what waits. */
void queue_destroy(struct queue *queue);

/* Keeps 'msg', which came by 'from', with a reference of its own. */
void queue_push(struct queue *queue, enum channel from, struct message *msg);

/* The oldest one, whose reference is the caller's; NULL when none waits.  'from' may
 * be NULL. */
struct message *queue_pop(struct queue *queue, enum channel *from);

/* The one that queue_pop() would give, borrowed; NULL when none waits. */
struct message *queue_peek(const struct queue *queue);

/* Answers the cells that wait as aborted.  Messages on comms are no cells, and
 * stay. */
void queue_abort(struct queue *queue, struct channels *channels, json_int_t count);
bool queue_is_empty(const struct queue *queue);

#endif
