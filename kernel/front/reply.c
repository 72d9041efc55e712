/* reply.c - the answer to an execute_request */
#include "kernel/front/reply.h"

#include <stdlib.h>
#include <string.h>

static json_t *make_metadata(struct channels *channels, const struct reply *reply,
                             const json_t *content)
{
    return json_pack("{s:s, s:b, s:s, s:O}", "started", reply->started,
                     "dependencies_met", 1, "engine", channels_session(channels)->id,
                     "status", json_object_get(content, "status"));
}

void reply_send(struct channels *channels, const struct reply *reply, json_t *content)
{
    json_t *metadata = make_metadata(channels, reply, content);
    char *said = json_dumps(metadata, JSON_COMPACT), *text;

    json_object_set_new(content, "execution_count", json_integer(reply->count));
    text = json_dumps(content, JSON_COMPACT);
    channels_reply(channels, reply->to,
                   &(struct message_out){
                       .type = "execute_reply",
                       .parent = reply->request,
                       .metadata = { said, strlen(said) },
                       .content = { text, strlen(text) },
                   });
    channels_status(channels, reply->request, "idle");
    json_decref(metadata);
    json_decref(content);
    free(said);
    free(text);
}

void reply_aborted(struct channels *channels, enum channel to,
                   const struct message *request, json_int_t count)
{
    char now[MESSAGE_DATE_SIZE];
    struct reply reply = {
        .to = to,
        .request = request,
        .count = count,
        .started = now,
    };

    message_now(now);
    channels_status(channels, request, "busy");
    reply_send(channels, &reply, json_pack("{s:s}", "status", "aborted"));
}
