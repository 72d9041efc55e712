/* dispatch.c - a request arrives: who handles it */
#include "kernel/front/dispatch.h"

#include <stdlib.h>
#include <string.h>

#include "kernel/base/log.h"
#include "kernel/base/mem.h"
#include "kernel/front/asks.h"
#include "kernel/front/comms.h"
#include "kernel/front/debug.h"
#include "kernel/front/execute.h"
#include "kernel/front/info.h"
#include "kernel/front/inputs.h"
#include "kernel/front/launch.h"
#include "kernel/front/usage.h"
#include "kernel/front/where.h"

typedef void (*request_f)(struct front *front, enum channel from, struct message *msg);

static void on_execute(struct front *front, enum channel from, struct message *msg)
{
    if (where_is_asked(front, msg))
        where_answer(front, from, msg);
    else
        execute_push(front->execute, from, msg);
}

static void on_ask(struct front *front, enum channel from, struct message *msg)
{
    asks_push(front->asks, from, msg, -1);
}

static void on_kernel_info(struct front *front, enum channel from, struct message *msg)
{
    channels_reply_new(front->channels, from, msg, "kernel_info_reply",
                       info_kernel(front));
}

static void on_connect(struct front *front, enum channel from, struct message *msg)
{
    json_t *content = json_copy(front->ports);

    json_object_set_new(content, "status", json_string("ok"));
    channels_reply_new(front->channels, from, msg, "connect_reply", content);
}

static void on_comm_info(struct front *front, enum channel from, struct message *msg)
{
    const char *target =
        json_string_value(json_object_get(message_content(msg), "target_name"));

    channels_reply_new(front->channels, from, msg, "comm_info_reply",
                       json_pack("{s:s, s:o}", "status", "ok", "comms",
                                 comms_list(front->comms, target)));
}

static void on_interrupt(struct front *front, enum channel from, struct message *msg)
{
    channels_reply_new(front->channels, from, msg, "interrupt_reply",
                       json_pack("{s:s}", "status", "ok"));
    execute_interrupt(front->execute);
}

static void on_shutdown(struct front *front, enum channel from, struct message *msg)
{
    bool restart = json_is_true(json_object_get(message_content(msg), "restart"));
    json_t *content = json_pack("{s:s, s:b}", "status", "ok", "restart", restart);

    /* Two messages: each gets a msg_id of its own. */
    channels_publish_new(front->channels, "shutdown_reply", msg, json_incref(content));
    channels_reply_new(front->channels, from, msg, "shutdown_reply", content);
    launch_shutdown(front->launch);
}

static void on_usage(struct front *front, enum channel from, struct message *msg)
{
    channels_reply_new(front->channels, from, msg, "usage_reply",
                       usage_content(front->usage));
}

static void on_debug(struct front *front, enum channel from, struct message *msg)
{
    debug_request(front->debug, from, msg);
}

static const struct {
    const char *type;
    request_f handle;
    bool ends_later; /* publishes busy and idle itself */
} requests[] = {
    { "execute_request", on_execute, true },
    { "complete_request", on_ask, true },
    { "inspect_request", on_ask, true },
    { "is_complete_request", on_ask, true },
    { "history_request", on_ask, true },
    { "comm_open", on_execute, true },
    { "comm_msg", on_execute, true },
    { "comm_close", on_execute, true },
    { "comm_info_request", on_comm_info, false },
    { "kernel_info_request", on_kernel_info, false },
    { "connect_request", on_connect, false }, /* of old clients */
    { "interrupt_request", on_interrupt, false },
    { "shutdown_request", on_shutdown, false },
    { "usage_request", on_usage, false },
    { "debug_request", on_debug, true },
};

/* What nobody can read is answered with an error, where there is an answer. */
static void refuse(struct front *front, enum channel from, struct message *msg)
{
    static const char request[] = "_request", why[] = "the content is no JSON object";
    const char *type = message_type(msg), *end = strstr(type, request);
    bool is_question = !strcmp(type, "is_complete_request"); /* has other statuses */
    char *reply;

    log_warning("%s refused: %s", type, why);
    channels_status(front->channels, msg, "busy");
    if (end) {
        reply = xasprintf("%.*s_reply", (int)(end - type), type);
        channels_reply_new(front->channels, from, msg, reply,
                           json_pack("{s:s, s:s, s:s, s:[s]}", "status",
                                     is_question ? "unknown" : "error", "ename",
                                     "ValueError", "evalue", why, "traceback", why));
        free(reply);
    }
    channels_status(front->channels, msg, "idle");
}

static void handle(struct front *front, enum channel from, struct message *msg)
{
    const char *type = message_type(msg);

    for (size_t i = 0; i < sizeof(requests) / sizeof(*requests); i++) {
        if (strcmp(requests[i].type, type))
            continue;
        /* an execute_request has a count to answer with, and its turn */
        if (!message_content(msg) && requests[i].handle != on_execute) {
            refuse(front, from, msg);
            return;
        }
        if (!requests[i].ends_later)
            channels_status(front->channels, msg, "busy");
        requests[i].handle(front, from, msg);
        if (!requests[i].ends_later)
            channels_status(front->channels, msg, "idle");
        return;
    }
    log_warning("unknown request \"%.64s\", not answered", type);
    channels_status(front->channels, msg, "busy");
    channels_status(front->channels, msg, "idle");
}

void dispatch(struct front *front, enum channel from, struct message *msg)
{
    if (from == CHANNEL_STDIN)
        inputs_reply(front->inputs, msg);
    else
        handle(front, from, msg);
}
