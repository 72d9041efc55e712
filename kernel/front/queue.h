/* queue.h - requests that wait for their turn */
#ifndef FRONT_QUEUE_H
#define FRONT_QUEUE_H

#include "kernel/jupyter/message.h"

struct queue;

struct queue *queue_create(void);

/* Accepts NULL; lets go of what waits. */
void queue_destroy(struct queue *queue);

/* Keeps 'msg' with a reference of its own. */
void queue_push(struct queue *queue, struct message *msg);

/* The oldest one, whose reference is the caller's; NULL when none waits. */
struct message *queue_pop(struct queue *queue);
bool queue_is_empty(const struct queue *queue);

#endif
