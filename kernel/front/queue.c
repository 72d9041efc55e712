/* queue.c - requests that wait for their turn */
#include "kernel/front/queue.h"

#include <stdlib.h>

#include "kernel/base/mem.h"

struct entry {
    struct entry *next;
    struct message *msg;
    enum channel from;
};

struct queue {
    struct entry *head;
    struct entry **end; /* where the next one is linked */
};

struct queue *queue_create(void)
{
    struct queue *queue = xcalloc(1, sizeof(*queue));

    queue->end = &queue->head;
    return queue;
}

void queue_destroy(struct queue *queue)
{
    struct message *msg;

    if (!queue)
        return;
    while ((msg = queue_pop(queue, NULL)))
        message_unref(msg);
    free(queue);
}

void queue_push(struct queue *queue, enum channel from, struct message *msg)
{
    struct entry *entry = xcalloc(1, sizeof(*entry));

    entry->msg = message_ref(msg);
    entry->from = from;
    *queue->end = entry;
    queue->end = &entry->next;
}

struct message *queue_pop(struct queue *queue, enum channel *from)
{
    struct entry *entry = queue->head;
    struct message *msg;

    if (!entry)
        return NULL;
    msg = entry->msg;
    if (from)
        *from = entry->from;
    queue->head = entry->next;
    if (!queue->head)
        queue->end = &queue->head;
    free(entry);
    return msg;
}

bool queue_is_empty(const struct queue *queue)
{
    return !queue->head;
}
