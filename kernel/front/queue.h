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
bool queue_is_empty(const struct queue *queue);

#endif
