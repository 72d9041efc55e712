/* run.c - RUN: what the ranks of a cell are given to do */
#include "kernel/front/run.h"

#include <stdlib.h>
#include <string.h>

#include "kernel/base/mem.h"

/* The request as its ranks know it: widgets refer to it by its msg_id. */
static json_t *parent_new(const struct run *run)
{
    struct message_part header = message_header(run->msg);

    /* One that Python's JSON can say and ours cannot is left out. */
    return json_pack("{s:o*}", "header",
                     json_loadb(header.data, header.size, JSON_ALLOW_NUL, NULL));
}

static char *code_options(const struct run *run, bool is_lead, const char *targets)
{
    const struct request *request = run->request;
    json_t *options = json_pack(
        "{s:b, s:b, s:b, s:b, s:I, s:s, s:b, s:o}", "silent", request->is_silent,
        "store_history", request->stores_history, "allow_stdin", request->allows_stdin,
        "stop_on_error", request->stops_on_error, "count", run->count, "targets",
        targets, "lead", is_lead, "parent", parent_new(run));
    char *text;

    /* Evaluated by all, as the cell is: an expression may use MPI. */
    json_object_set_new(options, "user_expressions",
                        request->expressions ? json_copy((json_t *)request->expressions)
                                             : json_object());
    if (request->cell_id)
        json_object_set_new(options, "cell_id", json_string(request->cell_id));
    text = json_dumps(options, JSON_COMPACT);
    json_decref(options);
    return text;
}

static void send_code(struct cluster *cluster, const struct run *run)
{
    char *targets = idset_encode(run->targets);
    char *lead = code_options(run, true, targets);
    char *others = code_options(run, false, targets);

    for (int rank = idset_first(run->targets); rank >= 0;
         rank = idset_next(run->targets, rank)) {
        const char *options = rank == run->lead ? lead : others;
        struct wire_frame frames[] = {
            { options, strlen(options) },
            { run->request->code, run->request->code_size },
        };

        cluster_send(cluster, rank, WIRE_RUN, run->cell, frames, 2);
    }
    free(lead);
    free(others);
    free(targets);
}

/* Whatever a client sends fits on the wire. */
#define COMM_FRAMES 3
_Static_assert(COMM_FRAMES + MESSAGE_BUFFERS_MAX <= WIRE_FRAMES_MAX, "buffers");

static void send_comm(struct cluster *cluster, const struct run *run)
{
    struct message_part content = message_content_raw(run->msg);
    struct message_part metadata = message_metadata(run->msg);
    json_t *json = json_pack("{s:s, s:o}", "comm", message_type(run->msg), "parent",
                             parent_new(run));
    char *options = json_dumps(json, JSON_COMPACT);
    size_t buffers = message_buffer_count(run->msg);
    struct wire_frame *frames = xcalloc(COMM_FRAMES + buffers, sizeof(*frames));

    frames[0] = (struct wire_frame){ options, strlen(options) };
    frames[1] = (struct wire_frame){ content.data, content.size };
    frames[2] = (struct wire_frame){ metadata.data, metadata.size };
    for (size_t i = 0; i < buffers; i++) {
        struct message_part buffer = message_buffer(run->msg, i);

        frames[COMM_FRAMES + i] = (struct wire_frame){ buffer.data, buffer.size };
    }
    cluster_send_all(cluster, run->targets, WIRE_RUN, run->cell, frames,
                     (uint32_t)(COMM_FRAMES + buffers));
    free(frames);
    free(options);
    json_decref(json);
}

void run_send(struct cluster *cluster, const struct run *run)
{
    if (run->request)
        send_code(cluster, run);
    else
        send_comm(cluster, run);
}
