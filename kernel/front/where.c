/* where.c - %where: what each rank does, at any time */
#include "kernel/front/where.h"

#include <stdlib.h>

#include "kernel/base/buf.h"
#include "kernel/front/execute.h"
#include "kernel/front/reply.h"
#include "kernel/front/request.h"
#include "kernel/front/standstill.h"

bool where_is_asked(const struct front *front, struct message *msg)
{
    return request_is_directive(msg, cluster_size(front->cluster), DIRECTIVE_WHERE);
}

static int number(const json_t *object, const char *key)
{
    return (int)json_integer_value(json_object_get(object, key));
}

/* "computes in line 3 of cell 5": the line of a cell, maybe an earlier one, that runs.
 */
static void add_computing(const json_t *cell, struct buf *text)
{
    int line = number(cell, "line"), at = number(cell, "cell");

    buf_add_text(text, "computes in ");
    if (line > 0)
        buf_add_format(text, "line %d of ", line);
    buf_add_format(text, "cell %d",
                   line > 0 && at > 0 ? at : number(cell, "execution_count"));
}

/* "rank 0: waits in Recv (peer 3, tag 7) in line 2 of cell 5 for 12 s" */
static void add_rank(const struct front *front, int rank, struct buf *text)
{
    static const char *const idle[] = {
        [RANK_EXPECTED] = "starts",
        [RANK_STARTING] = "starts",
        [RANK_READY] = "idle",
        [RANK_LOST] = "dead",
    };
    struct rank_info info = cluster_rank(front->cluster, rank);
    json_t *cell = execute_where(front->execute, rank);
    const json_t *waits = json_object_get(cell, "waits"), *since = waits;

    buf_add_format(text, "rank %d: ", rank);
    if (!cell) {
        buf_add_format(text, "%s\n", idle[info.state]);
        return;
    }
    if (json_is_object(waits)) {
        standstill_add_wait(text, waits);
    } else {
        add_computing(cell, text);
        since = cell;
    }
    buf_add_format(
        text, " for %d s\n",
        (int)(json_integer_value(json_object_get(since, "since_ms")) / 1000));
    json_decref(cell);
}

void where_answer(struct front *front, enum channel from, struct message *msg)
{
    struct channels *channels = front->channels;
    json_int_t count = execute_count(front->execute);
    struct buf text = { 0 };
    struct request request;
    char started[MESSAGE_DATE_SIZE];

    message_now(started);
    request_decode(msg, &request, NULL);
    channels_status(channels, msg, "busy");
    for (int rank = 0; rank < cluster_size(front->cluster); rank++)
        add_rank(front, rank, &text);
    if (!request.is_silent) {
        channels_publish_new(
            channels, "execute_input", msg,
            json_pack("{s:s, s:I}", "code", "%where", "execution_count", count));
        channels_publish_new(
            channels, "stream", msg,
            json_pack("{s:s, s:s}", "name", "stdout", "text", buf_text(&text)));
    }
    reply_send(
        channels, &(struct reply){ from, msg, count, started },
        json_pack("{s:s, s:[], s:{}}", "status", "ok", "payload", "user_expressions"));
    buf_clear(&text);
}
