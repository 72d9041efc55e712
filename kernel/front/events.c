/* events.c - what ranks say */
#include "kernel/front/events.h"

#include <stdlib.h>
#include <string.h>

#include "kernel/base/log.h"
#include "kernel/base/mem.h"
#include "kernel/front/asks.h"
#include "kernel/front/comms.h"
#include "kernel/front/debug.h"
#include "kernel/front/execute.h"
#include "kernel/front/inputs.h"
#include "kernel/front/launch.h"
#include "kernel/front/origin.h"

typedef void (*event_f)(struct front *front, int rank, const struct wire_message *msg);

static uint64_t cell_of(const struct wire_message *msg)
{
    return wire_message_header(msg)->cell;
}

static json_t *frame_json(const struct wire_message *msg, uint32_t idx)
{
    struct wire_frame frame = wire_message_frame(msg, idx);

    return json_loadb(frame.data, frame.size, JSON_ALLOW_NUL, NULL);
}

static struct message_part frame_part(const struct wire_message *msg, uint32_t idx)
{
    struct wire_frame frame = wire_message_frame(msg, idx);

    return (struct message_part){ frame.data, frame.size };
}

/* The frames from 'first' on, to be freed; NULL when there are none. */
static struct message_part *buffers_of(const struct wire_message *msg, uint32_t first,
                                       size_t *count)
{
    uint32_t frames = wire_message_header(msg)->frames;
    struct message_part *buffers;

    *count = frames > first ? frames - first : 0;
    if (*count == 0)
        return NULL;
    buffers = xcalloc(*count, sizeof(*buffers));
    for (size_t i = 0; i < *count; i++)
        buffers[i] = frame_part(msg, first + (uint32_t)i);
    return buffers;
}

/* NULL, with a line in the log, when nobody knows the cell. */
static struct origin *origin_of(struct front *front, int rank,
                                const struct wire_message *msg)
{
    struct origin *origin = origins_find(front->origins, cell_of(msg));

    if (!origin)
        log_info("%s of rank %d for the unknown cell %llu, dropped",
                 wire_type_name(wire_message_header(msg)->type), rank,
                 (unsigned long long)cell_of(msg));
    return origin;
}

static void on_stream(struct front *front, int rank, const struct wire_message *msg)
{
    struct origin *origin = origin_of(front, rank, msg);
    const char *name = wire_message_frame(msg, 0).data;
    struct wire_frame text = wire_message_frame(msg, 1);

    if (origin && !strcmp(name, "common"))
        origin_note(origin, "stdout", text.data);
    else if (origin)
        origin_stream(origin, rank, name, text.data, text.size);
}

static void on_display(struct front *front, int rank, const struct wire_message *msg)
{
    struct origin *origin = origin_of(front, rank, msg);
    struct message_part *buffers;
    size_t count;

    if (!origin)
        return;
    buffers = buffers_of(msg, 2, &count);
    origin_message(origin, rank, wire_message_frame(msg, 0).data, frame_part(msg, 1),
                   buffers, count);
    free(buffers);
}

static void on_result(struct front *front, int rank, const struct wire_message *msg)
{
    struct origin *origin = origin_of(front, rank, msg);

    if (origin)
        origin_message(origin, rank, "execute_result", frame_part(msg, 0), NULL, 0);
}

static void learn_comm(struct front *front, int rank, const char *type,
                       const json_t *content)
{
    const char *id = json_string_value(json_object_get(content, "comm_id"));
    const char *target = json_string_value(json_object_get(content, "target_name"));

    if (!id)
        return;
    if (!strcmp(type, "comm_open"))
        comms_add(front->comms, id, target ? target : "", rank);
    else if (!strcmp(type, "comm_close"))
        comms_leave(front->comms, id, rank);
}

static void on_comm(struct front *front, int rank, const struct wire_message *msg)
{
    struct origin *origin = origins_find(front->origins, cell_of(msg));
    const char *type = wire_message_frame(msg, 0).data;
    struct message_part *parts;
    size_t count;
    json_t *content;

    /* Messages in between are not looked at: there may be many, and large. */
    if (strcmp(type, "comm_msg")) {
        content = frame_json(msg, 1);
        learn_comm(front, rank, type, content);
        json_decref(content);
    }
    parts = buffers_of(msg, 1, &count);
    if (origin)
        origin_comm(origin, rank, type, parts, count);
    else
        channels_publish(front->channels,
                         &(struct message_out){ .type = type,
                                                .content = parts[0],
                                                .metadata = parts[1],
                                                .buffers = parts + 2,
                                                .buffer_count = count - 2 });
    free(parts);
}

static void on_input(struct front *front, int rank, const struct wire_message *msg)
{
    json_t *content = frame_json(msg, 0);

    inputs_ask(front->inputs, rank, cell_of(msg), content);
    json_decref(content);
}

static void on_answer(struct front *front, int rank, const struct wire_message *msg)
{
    asks_answer(front->asks, cell_of(msg), frame_part(msg, 0));
}

static void on_done(struct front *front, int rank, const struct wire_message *msg)
{
    json_t *content;

    if (!execute_is_running(front->execute, cell_of(msg))) {
        log_info("DONE of rank %d for cell %llu, which does not run", rank,
                 (unsigned long long)cell_of(msg));
        return;
    }
    content = frame_json(msg, 0);
    execute_done(front->execute, rank, content);
    json_decref(content);
}

static void on_waiting(struct front *front, int rank, const struct wire_message *msg)
{
    if (execute_is_running(front->execute, cell_of(msg)))
        execute_waiting(front->execute, rank, frame_json(msg, 0));
}

static void on_seen(struct front *front, int rank, const struct wire_message *msg)
{
    json_t *seen;

    if (!execute_is_running(front->execute, cell_of(msg)))
        return;
    seen = frame_json(msg, 0);
    execute_seen(front->execute, rank, seen);
    json_decref(seen);
}

static void on_healed(struct front *front, int rank, const struct wire_message *msg)
{
    json_t *content = frame_json(msg, 0);

    execute_healed(front->execute, rank, cell_of(msg), content);
    json_decref(content);
}

static void on_debug(struct front *front, int rank, const struct wire_message *msg)
{
    debug_event(front->debug, rank, frame_part(msg, 0));
}

static const struct {
    enum wire_type type;
    uint32_t frames; /* at least */
    event_f handle;
} handlers[] = {
    { WIRE_STREAM, 2, on_stream }, { WIRE_DISPLAY, 2, on_display },
    { WIRE_RESULT, 1, on_result }, { WIRE_COMM, 3, on_comm },
    { WIRE_INPUT, 1, on_input },   { WIRE_ANSWER, 1, on_answer },
    { WIRE_DONE, 1, on_done },     { WIRE_WAITING, 1, on_waiting },
    { WIRE_HEALED, 1, on_healed }, { WIRE_DEBUG, 1, on_debug },
    { WIRE_SEEN, 1, on_seen },
};

static void on_message(int rank, const struct wire_message *msg, void *arg)
{
    const struct wire_header *header = wire_message_header(msg);
    size_t i = 0, count = sizeof(handlers) / sizeof(*handlers);

    while (i < count && handlers[i].type != header->type)
        i++;
    if (i == count || header->frames < handlers[i].frames)
        log_warning("%s of rank %d with %u frames refused",
                    wire_type_name(header->type), rank, header->frames);
    else
        handlers[i].handle(arg, rank, msg);
}

static void on_ready(void *arg)
{
    struct front *front = arg;

    log_info("all %d ranks are ready", cluster_size(front->cluster));
    launch_ready(front->launch);
    execute_next(front->execute);
    asks_next(front->asks);
}

static void on_lost(int rank, void *arg)
{
    struct front *front = arg;

    inputs_forget_rank(front->inputs, rank);
    comms_leave_all(front->comms, rank);
    asks_lost(front->asks, rank);
    debug_lost(front->debug, rank);
    execute_lost(front->execute, rank);
    launch_lost(front->launch, rank);
}

const struct cluster_events events = {
    .ready = on_ready,
    .lost = on_lost,
    .message = on_message,
};
