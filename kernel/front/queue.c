/* queue.c - requests that wait for their turn */
#include "kernel/front/queue.h"

#include <stdlib.h>

#include "kernel/base/mem.h"
#include "kernel/front/comms.h"
#include "kernel/front/reply.h"

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

void queue_abort(struct queue *queue, struct channels *channels, json_int_t count)
{
    struct entry *entry = queue->head, *next;

    queue->head = NULL;
    queue->end = &queue->head;
    for (; entry; entry = next) {
        next = entry->next;
        if (comms_has_type(entry->msg))
            queue_push(queue, entry->from, entry->msg);
        else
            reply_aborted(channels, entry->from, entry->msg, count);
        message_unref(entry->msg);
        free(entry);
    }
}

struct message *queue_peek(const struct queue *queue)
{
    return queue->head ? queue->head->msg : NULL;
}

bool queue_is_empty(const struct queue *queue)
{
    return !queue->head;
}
