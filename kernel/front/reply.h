/* reply.h - the answer to an execute_request
 *
 * The metadata is what ipykernel gives: when the cell was begun, by which kernel, and
 * how it ended.
 */
#ifndef FRONT_REPLY_H
#define FRONT_REPLY_H

#include <jansson.h>

#include "kernel/jupyter/channels.h"

struct reply {
    enum channel to; /* the request came by it */
    const struct message *request;
    json_int_t count;
    const char *started; /* by message_now() */
};

/* Sends 'content' (stolen), with the count and the metadata, and says idle. */
void reply_send(struct channels *channels, const struct reply *reply, json_t *content);

/* For a request that waited behind one that failed. */
void reply_aborted(struct channels *channels, enum channel to,
                   const struct message *request, json_int_t count);

#endif
